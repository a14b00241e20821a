package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.Entry;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.wire.Frame;
import org.hotspare.wire.ProtocolException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what a standby brings back into the primary's tree, where nothing has the name. To the
 * primary these are changes like any other. Owned by the thread that receives.
 */
final class RestoreWriter {
  private static final Logger LOG = LoggerFactory.getLogger(RestoreWriter.class);

  /** What is being made, in the staging directory. */
  private static final Name STAGED = Name.of("restore");

  private final MirrorRoot root;
  private final Map<Long, RelPath> firstNames = new HashMap<>();
  private final Map<RelPath, Entry> directories = new LinkedHashMap<>();
  private long restored;
  private long failed;
  private @Nullable Staging current;
  private @Nullable Workplace place;

  RestoreWriter(MirrorRoot root) {
    this.root = root;
  }

  void take(Frame.Restore frame) throws IOException {
    try {
      put(frame);
    } catch (LinuxException e) {
      failed++;
      abandon();
      LOG.warn("mirror {}: {} is not restored: {}", root.mirror(), frame.path(), e.getMessage());
    }
  }

  private void put(Frame.Restore frame) throws IOException {
    if (root.isWorkInside() && leadsInto(frame.path(), MirrorRoot.WORK)) {
      throw new ProtocolException("an entry for the work directory");
    }
    Workplace work = workplace();
    RelPath parentPath = frame.path().parent().orElse(RelPath.ROOT);
    Name name = frame.path().name().orElse(null);
    if (name == null) {
      directories.put(RelPath.ROOT, frame.entry());
      return;
    }
    try (DirFd parent = work.root().openDirectory(parentPath)) {
      RelPath first = firstNames.get(frame.sameFileAs());
      if (first != null && !first.equals(frame.path())) {
        link(work, first, parent, name);
        return;
      }
      switch (frame.entry()) {
        case Entry.RegularFile file -> file(work, parent, name, frame, file);
        case Entry.Directory directory -> {
          if (parent.statIfPresent(name) == null) {
            make(work, parent, name, staging -> staging.mkdir(STAGED, 0700));
            restored++;
          }
          directories.put(frame.path(), directory);
        }
        case Entry.SymbolicLink symbolic -> {
          make(work, parent, name, staging -> symlink(staging, symbolic));
          made(frame);
        }
        case Entry.SpecialFile special -> {
          make(work, parent, name, staging -> mknod(staging, special));
          made(frame);
        }
      }
    } catch (LinuxException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
    }
  }

  private static boolean leadsInto(RelPath path, Name directory) {
    return !path.isRoot() && path.names().getFirst().equals(directory);
  }

  /** How an entry without content is made in the staging directory. */
  private interface Maker {
    void in(DirFd staging) throws IOException;
  }

  private static void symlink(DirFd staging, Entry.SymbolicLink link) throws IOException {
    staging.symlink(link.target(), STAGED);
    FileMetadata.set(staging, STAGED, link);
  }

  private static void mknod(DirFd staging, Entry.SpecialFile special) throws IOException {
    staging.mknod(STAGED, special.kind(), 0600, special.major(), special.minor());
    FileMetadata.set(staging, STAGED, special);
  }

  /**
   * Puts an entry in its place complete: in the tree somebody could put another under its name
   * before it has its metadata.
   */
  private static void make(Workplace work, DirFd parent, Name name, Maker maker)
      throws IOException {
    Kept.removeAll(work.staging(), STAGED);
    maker.in(work.staging());
    work.staging().renameNoReplace(STAGED, parent, name);
  }

  private void made(Frame.Restore frame) {
    firstNames.put(frame.sameFileAs(), frame.path());
    restored++;
  }

  private void link(Workplace work, RelPath first, DirFd parent, Name name) throws IOException {
    RelPath above = first.parent().orElse(RelPath.ROOT);
    Name firstName = first.name().orElseThrow();
    try (DirFd other = work.root().openDirectory(above)) {
      other.link(firstName, parent, name);
      restored++;
    }
  }

  private void file(
      Workplace work, DirFd parent, Name name, Frame.Restore frame, Entry.RegularFile file)
      throws IOException {
    Staging staging = current;
    if (staging == null) {
      staging = new Staging(work.staging(), STAGED, null, null, file.size());
      current = staging;
    }
    ByteBuffer payload = frame.payload().duplicate();
    staging.take(frame.ops(), payload);
    if (!frame.complete()) {
      return;
    }
    staging.finish(file);
    staging.close();
    current = null;
    if (parent.statIfPresent(name) == null) {
      work.staging().renameNoReplace(STAGED, parent, name);
      firstNames.put(frame.sameFileAs(), frame.path());
      restored++;
    }
  }

  private Workplace workplace() throws IOException {
    Workplace work = place;
    if (work == null) {
      work = Workplace.enter(root);
      place = work;
    }
    return work;
  }

  private void abandon() {
    Staging staging = current;
    if (staging != null) {
      staging.close();
    }
    current = null;
  }

  /** Sets the directories' metadata and makes everything durable. */
  Frame.RestoreDone finish() throws IOException {
    abandon();
    Workplace work = workplace();
    for (Map.Entry<RelPath, Entry> made : new ArrayList<>(directories.entrySet()).reversed()) {
      try (DirFd directory = work.root().openDirectory(made.getKey())) {
        FileMetadata.setSelf(directory, made.getValue().metadata());
      } catch (LinuxException e) {
        failed++;
        LOG.warn("mirror {}: {}", root.mirror(), e.getMessage());
      }
    }
    work.root().syncfs();
    work.close();
    place = null;
    Frame.RestoreDone done = new Frame.RestoreDone(restored, failed);
    directories.clear();
    firstNames.clear();
    restored = 0;
    failed = 0;
    return done;
  }
}

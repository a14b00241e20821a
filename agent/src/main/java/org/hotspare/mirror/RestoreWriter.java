package org.hotspare.mirror;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hotspare.delta.InvalidDeltaException;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.Local;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.wire.Frame;
import org.hotspare.wire.ProtocolException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what a standby brings back into the primary's tree, where nothing has the name. To the
 * primary these are changes like any other.
 *
 * <p>Where the primary's root was gone, its index still has all rows: what comes back as it was is
 * noted there, so that it keeps its id and need not be sent to the standby again. Until everything
 * came, the new root is not taken for the mirror's, and nothing is concluded from what it lacks.
 *
 * <p>Owned by the thread that receives; whether it began, anybody may ask.
 */
final class RestoreWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RestoreWriter.class);
  private static final int LEARNT_PER_TRANSACTION = 512;
  private static final Duration BEGINS_WITHIN = Duration.ofMinutes(1);

  private final MirrorRoot root;
  private final Index index;
  private final Name staged;
  private final boolean wholeTree;
  private final long madeNanos = System.nanoTime();
  private volatile boolean begun;

  private final Map<EntryId, RelPath> firstNames = new HashMap<>();
  private final Map<RelPath, Made> directories = new LinkedHashMap<>();
  private final List<Learnt> learnt = new ArrayList<>();
  private long restored;
  private long failed;
  private @Nullable Staging current;
  private @Nullable RelPath skipping;
  private @Nullable Workplace place;

  /**
   * A directory whose metadata is set at the end.
   *
   * @param complete whether all of it, or only the time of one that was there
   */
  private record Made(EntryId id, Entry.Directory entry, boolean complete) {}

  /** An entry that lies in the tree again as the index has it. */
  private record Learnt(EntryId id, Entry entry, Local local) {}

  /**
   * @param peer the standby, for a name of its own in staging
   * @param wholeTree whether the root was gone
   */
  RestoreWriter(MirrorRoot root, Index index, String peer, boolean wholeTree) {
    this.root = root;
    this.index = index;
    this.staged = Name.of("restore-" + peer);
    this.wholeTree = wholeTree;
  }

  /** Whether the standby was told so recently that it may begin, or has begun. */
  boolean mayBegin() {
    return begun || System.nanoTime() - madeNanos < BEGINS_WITHIN.toNanos();
  }

  boolean hasBegun() {
    return begun;
  }

  void take(Frame.Restore frame) throws IOException {
    begun = true;
    RelPath failing = skipping;
    if (failing != null && failing.equals(frame.path())) {
      skipping = frame.complete() ? null : failing;
      return;
    }
    try {
      put(frame);
    } catch (LinuxException | Staging.DigestMismatch | InvalidDeltaException e) {
      failed++;
      abandon();
      skipping = frame.complete() ? null : frame.path();
      LOG.warn("mirror {}: {} is not restored: {}", root.mirror(), frame.path(), e.getMessage());
    }
  }

  private void put(Frame.Restore frame) throws IOException {
    if (root.isWorkInside() && leadsInto(frame.path(), MirrorRoot.WORK)) {
      throw new ProtocolException("an entry for the work directory");
    }
    Workplace work = workplace();
    Name name = frame.path().name().orElse(null);
    if (name == null) {
      if (frame.entry() instanceof Entry.Directory directory) {
        directories.put(RelPath.ROOT, new Made(EntryId.ROOT, directory, wholeTree));
      }
      return;
    }
    RelPath above = frame.path().parent().orElse(RelPath.ROOT);
    try (DirFd parent = work.root().openDirectory(above)) {
      RelPath first = frame.linked() ? otherName(work, frame) : null;
      if (first != null) {
        if (frame.complete()) {
          link(work, first, parent, name);
          learn(frame, parent.stat(name));
        }
        return;
      }
      switch (frame.entry()) {
        case Entry.RegularFile file -> file(work, parent, name, frame, file);
        case Entry.Directory directory -> directory(work, parent, name, frame, directory);
        case Entry.SymbolicLink symbolic -> {
          make(work, parent, name, staging -> symlink(staging, symbolic));
          placed(parent, name, frame);
        }
        case Entry.SpecialFile special -> {
          make(work, parent, name, staging -> mknod(staging, special));
          placed(parent, name, frame);
        }
      }
    } catch (LinuxException e) {
      // What has the name meanwhile is the primary's own, and newer.
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

  private void mkdir(DirFd staging, Entry.Directory directory) throws IOException {
    staging.mkdir(staged, 0700);
    FileMetadata.set(staging, staged, directory);
  }

  private void symlink(DirFd staging, Entry.SymbolicLink link) throws IOException {
    staging.symlink(link.target(), staged);
    FileMetadata.set(staging, staged, link);
  }

  private void mknod(DirFd staging, Entry.SpecialFile special) throws IOException {
    staging.mknod(staged, special.kind(), 0600, special.major(), special.minor());
    FileMetadata.set(staging, staged, special);
  }

  /**
   * Puts an entry in its place complete: in the tree somebody could put another under its name
   * before it has its metadata.
   */
  private void make(Workplace work, DirFd parent, Name name, Maker maker) throws IOException {
    Kept.removeAll(work.staging(), staged);
    maker.in(work.staging());
    work.staging().renameNoReplace(staged, parent, name);
  }

  private void directory(
      Workplace work, DirFd parent, Name name, Frame.Restore frame, Entry.Directory directory)
      throws IOException {
    boolean missing = parent.statIfPresent(name) == null;
    if (missing) {
      make(work, parent, name, staging -> mkdir(staging, directory));
      restored++;
    }
    directories.put(frame.path(), new Made(frame.id(), directory, missing || wholeTree));
  }

  private void placed(DirFd parent, Name name, Frame.Restore frame) throws IOException {
    if (frame.linked()) {
      firstNames.put(frame.id(), frame.path());
    }
    learn(frame, parent.stat(name));
    restored++;
  }

  /** Another name under which the file is in the tree already: restored before, or never gone. */
  private @Nullable RelPath otherName(Workplace work, Frame.Restore frame) throws IOException {
    RelPath first = firstNames.get(frame.id());
    if (first != null) {
      return first;
    }
    try (Snapshot snapshot = index.snapshot()) {
      Inode inode = snapshot.inode(frame.id()).orElse(null);
      RelPath path = snapshot.path(frame.id()).orElse(null);
      Name name = path == null ? null : path.name().orElse(null);
      if (inode == null || path == null || name == null || path.equals(frame.path())) {
        return null;
      }
      try (DirFd parent = work.root().openDirectory(path.parent().orElse(RelPath.ROOT))) {
        Stat stat = parent.statIfPresent(name);
        return stat != null && EntryReader.isSame(inode.local(), stat) ? path : null;
      } catch (LinuxException e) {
        if (e.is(Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP)) {
          return null;
        }
        throw e;
      }
    }
  }

  private void link(Workplace work, RelPath first, DirFd parent, Name name) throws IOException {
    RelPath above = first.parent().orElse(RelPath.ROOT);
    try (DirFd other = work.root().openDirectory(above)) {
      other.link(first.name().orElseThrow(), parent, name);
      restored++;
    }
  }

  private void file(
      Workplace work, DirFd parent, Name name, Frame.Restore frame, Entry.RegularFile file)
      throws IOException {
    Staging staging = current;
    if (staging == null) {
      staging = new Staging(work.staging(), staged, null, file.size());
      current = staging;
    }
    staging.take(frame.ops(), frame.payload().duplicate());
    if (!frame.complete()) {
      return;
    }
    staging.finish(file);
    staging.close();
    current = null;
    try {
      work.staging().renameNoReplace(staged, parent, name);
    } catch (LinuxException e) {
      work.staging().unlink(staged);
      throw e;
    }
    placed(parent, name, frame);
  }

  private Workplace workplace() throws IOException {
    Workplace work = place;
    if (work == null) {
      work = wholeTree ? Workplace.prepare(root) : Workplace.enter(root);
      place = work;
    }
    return work;
  }

  private void abandon() throws IOException {
    Staging staging = current;
    current = null;
    if (staging != null) {
      staging.close();
      staging.discard();
    }
  }

  // ---- what the index learns

  private void learn(Frame.Restore frame, Stat stat) {
    if (wholeTree) {
      learnt.add(new Learnt(frame.id(), frame.entry(), EntryReader.local(stat, true)));
      if (learnt.size() >= LEARNT_PER_TRANSACTION) {
        keepLearnt(Durability.FAST);
      }
    }
  }

  private void keepLearnt(Durability durability) {
    index.update(durability, w -> learnt.forEach(entry -> keepLearnt(w, entry)));
    learnt.clear();
  }

  private static void keepLearnt(IndexWriter w, Learnt entry) {
    boolean asKnown = w.inode(entry.id).map(i -> i.entry().equals(entry.entry)).orElse(false);
    if (asKnown) {
      w.putLocal(entry.id, entry.local);
    }
  }

  // ---- the end

  /**
   * Sets the directories' metadata, makes everything durable and, where the root was gone, takes
   * the new one for it, unless something could not be restored.
   */
  Frame.RestoreDone finish() throws IOException {
    abandon();
    Workplace work = workplace();
    // From below, since a name that is made changes the time of the directory above.
    for (Map.Entry<RelPath, Made> made : new ArrayList<>(directories.entrySet()).reversed()) {
      try (DirFd directory = work.root().openDirectory(made.getKey())) {
        finish(directory, made.getValue());
      } catch (LinuxException e) {
        failed++;
        LOG.warn("mirror {}: {}", root.mirror(), e.getMessage());
      }
    }
    work.root().syncfs();
    keepLearnt(Durability.DURABLE);
    if (wholeTree && failed == 0) {
      root.adopt();
    }
    return new Frame.RestoreDone(restored, failed);
  }

  private void finish(DirFd directory, Made made) throws IOException {
    if (made.complete) {
      FileMetadata.setSelf(directory, made.entry.metadata());
    } else {
      directory.setModified(made.entry.metadata().modified());
    }
    if (wholeTree) {
      Local local = EntryReader.local(directory.stat(), true);
      learnt.add(new Learnt(made.id, made.entry, local));
    }
  }

  @Override
  public void close() {
    Workplace work = place;
    place = null;
    try {
      abandon();
    } catch (IOException e) {
      LOG.debug("mirror {}: what was staged stays until the next start", root.mirror(), e);
    }
    if (work != null) {
      work.close();
    }
  }
}

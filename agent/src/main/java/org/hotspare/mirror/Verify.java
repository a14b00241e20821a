package org.hotspare.mirror;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.hotspare.index.Index;
import org.hotspare.index.Inode;
import org.hotspare.index.Local;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.Access;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.FileFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.watch.ProcessorLimit;
import org.hotspare.wire.Frame;

/**
 * Reads all content on this node's disk and compares it with the digests in its index. Since rows
 * are the same on all nodes at the same version, nodes that agree with their own index agree with
 * each other; a node that is behind is not taken for one that differs. A file that changes
 * meanwhile is left out.
 */
final class Verify {
  private static final int REPORTED = 1000;

  private final MirrorRoot root;
  private final Index index;
  private final ProcessorLimit processors;
  private final List<Frame.PathProblem> differences = new ArrayList<>();
  private final Set<EntryId> differing = new LinkedHashSet<>();
  private long entries;
  private long bytes;

  Verify(MirrorRoot root, Index index, ProcessorLimit processors) {
    this.processors = processors;
    this.root = root;
    this.index = index;
  }

  Frame.VerifyReply run() throws IOException {
    try (Snapshot snapshot = index.snapshot();
        DirFd directory = root.enter()) {
      snapshot.inodes(inode -> check(snapshot, directory, inode));
    } catch (java.io.UncheckedIOException e) {
      throw e.getCause();
    }
    return new Frame.VerifyReply(entries, bytes, differences, differing.size());
  }

  /** The entries that differ. */
  Set<EntryId> differing() {
    return differing;
  }

  private void check(Snapshot snapshot, DirFd directory, Inode inode) {
    entries++;
    processors.pause();
    if (!(inode.entry() instanceof Entry.RegularFile file) || file.digest() == null) {
      return;
    }
    RelPath path = snapshot.path(inode.id()).orElse(null);
    if (path == null) {
      return;
    }
    try (FileFd open = directory.openFile(path, Access.READ)) {
      Digest found = Contents.signature(open).root();
      bytes += file.size();
      if (!found.equals(file.digest()) && isStill(inode)) {
        differs(inode.id(), path, "content is " + found + ", should be " + file.digest());
      }
    } catch (LinuxException e) {
      if (!e.is(Errno.ENOENT, Errno.ENOTDIR) || isStill(inode)) {
        differs(inode.id(), path, e.errno().text());
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /**
   * Whether the entry is unchanged since the snapshot: otherwise what was read may be its next
   * version.
   */
  private boolean isStill(Inode inode) {
    try (Snapshot now = index.snapshot()) {
      Inode current = now.inode(inode.id()).orElse(null);
      Local before = inode.local();
      return current != null
          && before != null
          && current.version().equals(inode.version())
          && before.equals(current.local());
    }
  }

  private void differs(EntryId id, RelPath path, String reason) {
    differing.add(id);
    if (differences.size() < REPORTED) {
      differences.add(new Frame.PathProblem(path.bytes(), reason));
    }
  }
}

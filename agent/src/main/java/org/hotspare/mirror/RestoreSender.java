package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.hotspare.delta.DeltaEncoder;
import org.hotspare.delta.DeltaOp;
import org.hotspare.delta.DeltaSink;
import org.hotspare.delta.Signature;
import org.hotspare.index.Child;
import org.hotspare.index.Index;
import org.hotspare.index.Inode;
import org.hotspare.index.NameRow;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.Access;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.FileFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends entries of a standby's tree back to the primary, directories before what is in them: what
 * is held, with the times of the directories around it, or the whole tree.
 */
final class RestoreSender {
  private static final Logger LOG = LoggerFactory.getLogger(RestoreSender.class);
  private static final int PART_BYTES = 512 << 10;
  private static final int PART_OPS = 1000;

  private final MirrorRoot root;
  private final Index index;
  private final Link link;
  private final boolean wholeTree;
  private long sent;
  private long failed;

  private record Directory(EntryId id, RelPath path) {}

  private record Found(RelPath path, Inode inode, boolean linked) {}

  RestoreSender(MirrorRoot root, Index index, Link link, boolean wholeTree) {
    this.root = root;
    this.index = index;
    this.link = link;
    this.wholeTree = wholeTree;
  }

  /** Sends all of it. Answers how many entries could not be read here. */
  long send() throws IOException {
    try (Snapshot snapshot = index.snapshot();
        DirFd tree = root.enter()) {
      snapshot
          .inode(EntryId.ROOT)
          .filter(inode -> isWanted(snapshot, inode, null))
          .ifPresent(inode -> attempt(tree, new Found(RelPath.ROOT, inode, false)));
      Deque<Directory> left = new ArrayDeque<>();
      left.push(new Directory(EntryId.ROOT, RelPath.ROOT));
      while (!left.isEmpty()) {
        Directory directory = left.pop();
        for (Child child : snapshot.children(directory.id)) {
          send(snapshot, tree, directory, child, left);
        }
      }
    } catch (Failed e) {
      throw e.reason;
    }
    link.sendNow(new Frame.RestoreEnd(sent));
    return failed;
  }

  private void send(
      Snapshot snapshot, DirFd tree, Directory directory, Child child, Deque<Directory> left) {
    Inode inode = child.inode();
    RelPath path = directory.path.child(child.name());
    NameRow name = new NameRow(directory.id, child.name(), inode.id(), child.nameVersion());
    boolean isDirectory = inode.entry() instanceof Entry.Directory;
    if (isWanted(snapshot, inode, name)) {
      boolean linked = !isDirectory && snapshot.namesOf(inode.id()).size() > 1;
      attempt(tree, new Found(path, inode, linked));
    }
    if (isDirectory) {
      left.push(new Directory(inode.id(), path));
    }
  }

  private boolean isWanted(Snapshot snapshot, Inode inode, @Nullable NameRow name) {
    return wholeTree
        || Holding.isHeld(snapshot, inode.id())
        || (name != null && Holding.isLeaving(snapshot, name))
        || DirectoryTimes.isWithheld(snapshot, inode.id());
  }

  private static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final IOException reason;

    Failed(IOException reason) {
      super(reason);
      this.reason = reason;
    }
  }

  private void attempt(DirFd tree, Found found) {
    try {
      send(tree, found);
      sent++;
    } catch (LinuxException e) {
      failed++;
      LOG.warn("mirror {}: {} is not brought back: {}", root.mirror(), found.path, e.getMessage());
    } catch (IOException e) {
      throw new Failed(e);
    }
  }

  private void send(DirFd tree, Found found) throws IOException {
    if (!(found.inode.entry() instanceof Entry.RegularFile file)) {
      link.send(frame(found, List.of(), ByteBuffer.allocate(0), true));
      return;
    }
    Parts parts = new Parts(found);
    try (FileFd open = tree.openFile(found.path, Access.READ)) {
      if (!EntryReader.isSame(found.inode.local(), open.statWhenOpened())) {
        // Somebody put another file in its place, which may be none of the mirror's.
        failed++;
        LOG.warn("mirror {}: {} is not what was mirrored here", root.mirror(), found.path);
        return;
      }
      new DeltaEncoder().encode(Signature.NONE, new OpenContent(open, file.size()), false, parts);
    }
    parts.part(true);
  }

  private static Frame.Restore frame(
      Found found, List<DeltaOp> ops, ByteBuffer payload, boolean complete) {
    return new Frame.Restore(
        found.path, found.inode.id(), found.linked, found.inode.entry(), ops, payload, complete);
  }

  private final class Parts implements DeltaSink {
    private final Found found;
    private final List<DeltaOp> ops = new ArrayList<>();
    private final ByteBuffer bytes = ByteBuffer.allocate(PART_BYTES);

    Parts(Found found) {
      this.found = found;
    }

    @Override
    public void literal(long offset, ByteBuffer literal) throws IOException {
      if (bytes.remaining() < literal.remaining() || ops.size() > PART_OPS) {
        part(false);
      }
      ops.add(new DeltaOp.Literal(offset, literal.remaining()));
      bytes.put(literal);
    }

    @Override
    public void copy(long offset, long source, long length) throws IOException {
      throw new IOException("nothing to copy from");
    }

    @Override
    public void hole(long offset, long length) throws IOException {
      if (ops.size() > PART_OPS) {
        part(false);
      }
      ops.add(new DeltaOp.Hole(offset, length));
    }

    void part(boolean complete) throws IOException {
      ByteBuffer copy = ByteBuffer.allocate(bytes.position());
      copy.put(bytes.flip()).flip();
      link.send(frame(found, ops, copy, complete));
      ops.clear();
      bytes.clear();
    }
  }
}

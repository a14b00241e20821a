package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.hotspare.delta.DeltaEncoder;
import org.hotspare.delta.DeltaOp;
import org.hotspare.delta.DeltaSink;
import org.hotspare.delta.Signature;
import org.hotspare.index.Index;
import org.hotspare.index.Inode;
import org.hotspare.index.NameRow;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.Access;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.FileFd;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends entries of a standby's tree back to the primary, directories first. */
final class RestoreSender {
  private static final Logger LOG = LoggerFactory.getLogger(RestoreSender.class);
  private static final int PART_BYTES = 512 << 10;

  private final MirrorRoot root;
  private final Index index;
  private final Link link;
  private final boolean wholeTree;

  private record Found(RelPath path, Inode inode) {}

  RestoreSender(MirrorRoot root, Index index, Link link, boolean wholeTree) {
    this.root = root;
    this.index = index;
    this.link = link;
    this.wholeTree = wholeTree;
  }

  void send() throws IOException {
    long sent = 0;
    try (Snapshot snapshot = index.snapshot();
        DirFd directory = root.enter()) {
      for (Found found : entries(snapshot)) {
        send(directory, found);
        sent++;
      }
    }
    link.sendNow(new Frame.RestoreEnd(sent));
  }

  private List<Found> entries(Snapshot snapshot) {
    List<Found> found = new ArrayList<>();
    if (wholeTree) {
      snapshot.inodes(inode -> add(snapshot, inode, found));
    } else {
      for (EntryId id : Removals.heldIds(snapshot)) {
        snapshot.inode(id).ifPresent(inode -> add(snapshot, inode, found));
      }
    }
    found.sort(Comparator.comparing(Found::path));
    return found;
  }

  private static void add(Snapshot snapshot, Inode inode, List<Found> found) {
    if (inode.id().equals(EntryId.ROOT)) {
      found.add(new Found(RelPath.ROOT, inode));
      return;
    }
    for (NameRow row : snapshot.namesOf(inode.id())) {
      snapshot
          .path(row.parent())
          .ifPresent(parent -> found.add(new Found(parent.child(row.name()), inode)));
    }
  }

  private void send(DirFd directory, Found found) throws IOException {
    if (!(found.inode.entry() instanceof Entry.RegularFile file)) {
      link.send(frame(found, List.of(), ByteBuffer.allocate(0), true));
      return;
    }
    Parts parts = new Parts(found);
    try (FileFd open = directory.openFile(found.path, Access.READ)) {
      if (!EntryReader.isSame(found.inode.local(), open.statWhenOpened())) {
        // Somebody put another file in its place, which may be none of the mirror's.
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
        found.path, found.inode.id().value(), found.inode.entry(), ops, payload, complete);
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
      if (bytes.remaining() < literal.remaining() || ops.size() > 1000) {
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
      if (ops.size() > 1000) {
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

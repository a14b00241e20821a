package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.hotspare.delta.DeltaEncoder;
import org.hotspare.delta.DeltaOp;
import org.hotspare.delta.DeltaSink;
import org.hotspare.delta.Signature;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.IndexReader;
import org.hotspare.index.Inode;
import org.hotspare.index.Local;
import org.hotspare.index.NameRow;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.Problems;
import org.hotspare.wire.FileContent;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.hotspare.wire.Row;
import org.jspecify.annotations.Nullable;

/**
 * Packs the rows of one cut into frames. Small files are read ahead by several threads and share
 * frames; large ones are streamed when their turn comes. Owned by the sending thread.
 */
final class CutWriter implements CutOrder.Sink {
  private static final int READ_AHEAD = 256;
  private static final int ROWS_PER_FRAME = 1024;
  private static final int PAYLOAD_BYTES = 512 << 10;
  private static final int NEWEST_ATTEMPTS = 8;

  private final Link link;
  private final IndexReader snapshot;
  private final Index index;
  private final ContentLoader loader;
  private final ExecutorService readers;
  private final Problems problems;
  private final boolean withoutContent;

  private final SnapshotPaths paths;
  private final Deque<Item> waiting = new ArrayDeque<>();
  private final List<Row> rows = new ArrayList<>();
  private final List<byte[]> payload = new ArrayList<>();

  /** Where another entry was sent than the cut has. */
  private final Set<Place> replaced = new HashSet<>();

  private final List<ReadBack> readBack = new ArrayList<>();
  private int payloadBytes;
  private int headerBytes;

  private record Place(EntryId directory, Name name) {}

  private sealed interface Item {
    record Plain(Row row) implements Item {}

    record Small(Inode inode, RelPath path, boolean unknown, Future<ContentLoader.Loaded> content)
        implements Item {}

    record Large(Inode inode, RelPath path, boolean unknown) implements Item {}

    record Reached(Position through) implements Item {}
  }

  /** What was learnt of a file by reading it, to be kept in the index. */
  private record ReadBack(
      EntryId id, Position version, Entry.RegularFile entry, Signature signature, Local local) {}

  /** Carries an {@link IOException} through the cursor of the index. */
  static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final IOException reason;

    Failed(IOException reason) {
      super(reason);
      this.reason = reason;
    }

    IOException reason() {
      return reason;
    }
  }

  /** The connection failed, not a file. */
  private static final class SendingFailed extends IOException {
    private static final long serialVersionUID = 1L;

    SendingFailed(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  private void send(Frame frame) throws SendingFailed {
    try {
      link.send(frame);
    } catch (IOException e) {
      throw new SendingFailed(e);
    }
  }

  CutWriter(
      Link link,
      IndexReader snapshot,
      Index index,
      ContentLoader loader,
      ExecutorService readers,
      Problems problems,
      boolean withoutContent) {
    this.link = link;
    this.snapshot = snapshot;
    this.index = index;
    this.loader = loader;
    this.readers = readers;
    this.problems = problems;
    this.withoutContent = withoutContent;
    this.paths = new SnapshotPaths(snapshot);
  }

  @Override
  public void inode(Inode inode, boolean unknown) {
    if (!(inode.entry() instanceof Entry.RegularFile file)) {
      put(new Item.Plain(row(inode, inode.entry(), null)));
      return;
    }
    Local local = inode.local();
    boolean known = local != null && local.settled() && file.digest() != null;
    if (withoutContent ? known : known && !unknown) {
      put(new Item.Plain(row(inode, file, null)));
      return;
    }
    RelPath path = paths.of(inode.id());
    if (loader.isInline(inode)) {
      put(new Item.Small(inode, path, unknown, readers.submit(() -> loader.load(inode, path))));
    } else {
      put(new Item.Large(inode, path, unknown));
    }
  }

  @Override
  public void other(Change change) {
    put(new Item.Plain(new Row(change, null)));
  }

  @Override
  public void reached(Position through) {
    put(new Item.Reached(through));
  }

  private static Row row(Inode inode, Entry entry, @Nullable FileContent content) {
    return new Row(new Change.InodeSet(inode.id(), inode.version(), entry), content);
  }

  private void put(Item item) {
    waiting.add(item);
    if (waiting.size() > READ_AHEAD) {
      write(waiting.remove());
    }
  }

  /** Sends what is left, and keeps in the index what was learnt. */
  void finish() throws IOException {
    while (!waiting.isEmpty()) {
      write(waiting.remove());
    }
    flush();
    keepReadBack();
  }

  private void write(Item item) {
    try {
      switch (item) {
        case Item.Plain(var row) -> {
          if (!isReplaced(row.change())) {
            add(row, new byte[0]);
          }
        }
        case Item.Small small -> {
          try {
            writeSmall(small);
          } catch (ContentLoader.Gone e) {
            replace(small.inode);
          }
        }
        case Item.Large large -> {
          try {
            writeLarge(large);
          } catch (ContentLoader.Gone e) {
            replace(large.inode);
          }
        }
        case Item.Reached(var through) -> {
          flush();
          send(new Frame.CutReached(through));
        }
      }
    } catch (IOException e) {
      throw new Failed(e);
    }
  }

  /**
   * A file is gone since the cut was taken, as a rule because another was renamed over it. Once
   * this cut is acknowledged a standby has to have what was there or what came after: so it is sent
   * what there is now.
   */
  private void replace(Inode inode) throws IOException {
    if (withoutContent) {
      // An inventory is compared, not acknowledged.
      return;
    }
    for (NameRow row : snapshot.namesOf(inode.id())) {
      for (int attempt = 0; attempt < NEWEST_ATTEMPTS; attempt++) {
        if (writeNewest(row.parent(), row.name())) {
          replaced.add(new Place(row.parent(), row.name()));
          break;
        }
      }
    }
  }

  private boolean isReplaced(Change change) {
    return change instanceof Change.NameSet set
        && replaced.contains(new Place(set.parent(), set.name()));
  }

  /** Whether it could be sent; where not, the standby finds that it lacks what the cut names. */
  private boolean writeNewest(EntryId parent, Name name) throws IOException {
    try (Snapshot now = index.snapshot()) {
      NameRow row = now.name(parent, name).orElse(null);
      if (row == null) {
        add(new Row(new Change.NameGone(parent, name, now.head()), null), new byte[0]);
        return true;
      }
      Inode inode = now.inode(row.id()).orElse(null);
      RelPath above = now.path(parent).orElse(null);
      if (inode == null || above == null || inode.entry() instanceof Entry.Directory) {
        return false;
      }
      writeWhole(inode, above.child(name));
      add(new Row(new Change.NameSet(parent, name, row.id(), row.version()), null), new byte[0]);
      return true;
    } catch (ContentLoader.Gone e) {
      return false;
    }
  }

  private void writeWhole(Inode inode, RelPath path) throws IOException {
    if (!(inode.entry() instanceof Entry.RegularFile)) {
      add(row(inode, inode.entry(), null), new byte[0]);
    } else if (loader.isInline(inode)) {
      writeSmall(new Item.Small(inode, path, true, readers.submit(() -> loader.load(inode, path))));
    } else {
      writeLarge(new Item.Large(inode, path, true));
    }
  }

  private void writeSmall(Item.Small small) throws IOException {
    ContentLoader.Loaded loaded;
    try {
      loaded = small.content.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ContentLoader.Grown) {
        writeLarge(new Item.Large(small.inode, small.path, small.unknown));
        return;
      }
      unreadable(small.inode, e.getCause());
      return;
    }
    learn(small.inode, loaded.entry(), loaded.signature(), loaded.stat(), loaded.settled());
    boolean sameAsSent =
        !small.unknown
            && small.inode.entry() instanceof Entry.RegularFile old
            && loaded.entry().digest() != null
            && loaded.entry().digest().equals(old.digest())
            && loaded.entry().layout() == old.layout();
    if (sameAsSent || withoutContent) {
      add(row(small.inode, loaded.entry(), null), new byte[0]);
    } else {
      FileContent content = new FileContent(null, loaded.ops(), true);
      add(row(small.inode, loaded.entry(), content), loaded.literals().array());
    }
  }

  private void writeLarge(Item.Large large) throws IOException {
    flush();
    EntryId id = large.inode.id();
    Signature base = large.unknown ? null : baseOf(id);
    Digest baseDigest = base == null ? null : base.root();
    PartSink parts = new PartSink(id);
    try {
      ContentLoader.Streamed read =
          loader.stream(
              large.inode,
              large.path,
              withoutContent ? null : base,
              stat -> announce(large.inode, stat.size(), baseDigest),
              parts);
      learn(large.inode, read.entry(), read.signature(), read.stat(), read.settled());
      if (withoutContent) {
        add(row(large.inode, read.entry(), null), new byte[0]);
      } else {
        parts.finish(read.entry());
      }
    } catch (SendingFailed e) {
      throw e;
    } catch (IOException e) {
      unreadable(large.inode, e);
    }
  }

  private void announce(Inode inode, long size, @Nullable Digest base) throws IOException {
    if (!withoutContent && inode.entry() instanceof Entry.RegularFile file) {
      FileContent content = new FileContent(base, List.of(), false);
      add(row(inode, file.withContent(size, null, 0), content), new byte[0]);
      flush();
    }
  }

  private @Nullable Signature baseOf(EntryId id) throws IOException {
    Bytes stored = snapshot.signature(id).orElse(null);
    return stored == null ? null : Signature.parse(stored);
  }

  /** One file that cannot be read does not keep the others from being mirrored. */
  private void unreadable(Inode inode, @Nullable Throwable cause) throws IOException {
    if (cause instanceof ContentLoader.Gone gone) {
      throw gone;
    }
    if (!(cause instanceof IOException)) {
      throw new IOException("reading entry " + inode.id() + " failed", cause);
    }
    RelPath path = snapshot.path(inode.id()).orElse(RelPath.ROOT);
    String reason =
        cause instanceof LinuxException failed ? failed.errno().text() : cause.getMessage();
    problems.add(path, "cannot be read: " + reason);
    flush();
    send(new Frame.ContentAborted(inode.id(), "cannot be read on the primary: " + reason));
  }

  private void learn(
      Inode inode,
      Entry.RegularFile entry,
      Signature signature,
      org.hotspare.linux.Stat stat,
      boolean settled) {
    Local local = inode.local();
    boolean asNumbered = local != null && local.changed().equals(stat.changed());
    readBack.add(
        new ReadBack(
            inode.id(),
            inode.version(),
            entry,
            signature,
            EntryReader.local(stat, settled && asNumbered)));
    if (readBack.size() >= ROWS_PER_FRAME) {
      keepReadBack();
    }
  }

  private void keepReadBack() {
    if (readBack.isEmpty()) {
      return;
    }
    index.write(
        Durability.FAST,
        w -> {
          for (ReadBack read : readBack) {
            Inode now = w.inode(read.id).orElse(null);
            if (now == null) {
              continue;
            }
            // The next version is sent as steps from this one, even if it is there already.
            boolean several = read.signature.blocks() > 1;
            w.putSignature(read.id, several ? read.signature.toBytes() : null);
            Digest digest = read.entry.digest();
            if (digest == null || !now.version().equals(read.version)) {
              continue;
            }
            w.putContent(read.id, read.entry.size(), digest, read.entry.layout());
            if (read.local.settled()) {
              w.putLocal(read.id, read.local);
            }
          }
          return true;
        });
    readBack.clear();
  }

  private void add(Row row, byte[] literals) throws IOException {
    int weight = weight(row);
    boolean full =
        payloadBytes + literals.length > PAYLOAD_BYTES
            || rows.size() >= ROWS_PER_FRAME
            || headerBytes + weight > PAYLOAD_BYTES;
    if (full) {
      flush();
    }
    rows.add(row);
    headerBytes += weight;
    if (literals.length > 0) {
      payload.add(literals);
      payloadBytes += literals.length;
    }
  }

  /** About how many bytes of a frame's header a row takes. */
  private static int weight(Row row) {
    int weight = 400;
    if (row.change() instanceof Change.InodeSet set) {
      for (Attribute attribute : set.entry().metadata().attributes()) {
        weight += attribute.name().length() + attribute.value().length() + 16;
      }
      if (set.entry() instanceof Entry.SymbolicLink symbolic) {
        weight += symbolic.target().length();
      }
    }
    FileContent content = row.content();
    return content == null ? weight : weight + 32 * content.ops().size();
  }

  private void flush() throws IOException {
    if (rows.isEmpty()) {
      return;
    }
    ByteBuffer joined = ByteBuffer.allocate(payloadBytes);
    payload.forEach(joined::put);
    send(new Frame.Rows(rows, joined.flip()));
    rows.clear();
    payload.clear();
    payloadBytes = 0;
    headerBytes = 0;
    loader.pause();
  }

  /**
   * Sends the steps of a large file in parts, none of which is more than {@link #PAYLOAD_BYTES} to
   * write and {@link DeltaEncoder#LONGEST_COPY} to copy.
   */
  private final class PartSink implements DeltaSink {
    private final EntryId id;
    private final List<DeltaOp> ops = new ArrayList<>();
    private final ByteBuffer bytes = ByteBuffer.allocate(PAYLOAD_BYTES);
    private long copiedBytes;

    PartSink(EntryId id) {
      this.id = id;
    }

    @Override
    public void literal(long offset, ByteBuffer literal) throws IOException {
      if (bytes.remaining() < literal.remaining()) {
        part(null);
      }
      ops.add(new DeltaOp.Literal(offset, literal.remaining()));
      bytes.put(literal);
    }

    @Override
    public void copy(long offset, long source, long length) throws IOException {
      if (copiedBytes + length > DeltaEncoder.LONGEST_COPY) {
        part(null);
      }
      ops.add(new DeltaOp.Copy(offset, source, length));
      copiedBytes += length;
      sendFull();
    }

    @Override
    public void hole(long offset, long length) throws IOException {
      ops.add(new DeltaOp.Hole(offset, length));
      sendFull();
    }

    private void sendFull() throws IOException {
      if (ops.size() >= ROWS_PER_FRAME) {
        part(null);
      }
    }

    void finish(Entry.RegularFile entry) throws IOException {
      part(entry);
    }

    private void part(Entry.@Nullable RegularFile finished) throws IOException {
      loader.pause();
      copiedBytes = 0;
      if (withoutContent) {
        // Read for its digest alone.
        ops.clear();
        bytes.clear();
        return;
      }
      ByteBuffer copy = ByteBuffer.allocate(bytes.position());
      copy.put(bytes.flip()).flip();
      CutWriter.this.send(new Frame.ContentPart(id, ops, copy, finished));
      ops.clear();
      bytes.clear();
    }
  }
}

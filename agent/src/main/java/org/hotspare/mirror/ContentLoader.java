package org.hotspare.mirror;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hotspare.delta.DeltaEncoder;
import org.hotspare.delta.DeltaOp;
import org.hotspare.delta.DeltaSink;
import org.hotspare.delta.Signature;
import org.hotspare.index.Index;
import org.hotspare.index.Inode;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.Access;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.FileFd;
import org.hotspare.linux.FileTimes;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Stat;
import org.hotspare.linux.WriterCheck;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.ProcessorLimit;
import org.hotspare.watch.Tracker;
import org.jspecify.annotations.Nullable;

/**
 * Reads the content of a primary's files for sending. A file may move or vanish between being
 * numbered and being read: then its newest place is asked for, and a file that is gone is said to
 * be.
 */
final class ContentLoader {
  /** Files up to this size are read whole and travel with their row. */
  static final int INLINE_BYTES = 128 << 10;

  private static final int ATTEMPTS = 8;

  /** The unit of {@link Stat#blocks}. */
  private static final int BLOCK_BYTES = 512;

  private final Tracker tracker;
  private final Index index;
  private final ProcessorLimit processors;

  private static final ThreadLocal<DeltaEncoder> ENCODER =
      ThreadLocal.withInitial(DeltaEncoder::new);

  ContentLoader(Tracker tracker, Index index, ProcessorLimit processors) {
    this.tracker = tracker;
    this.index = index;
    this.processors = processors;
  }

  /** Between two pieces of reading or sending: keeps to what may be used of the processors. */
  void pause() {
    processors.pause();
  }

  /**
   * What was read of a file.
   *
   * @param entry the file as it was when it was read, with its digest
   * @param ops nothing where the content was streamed
   * @param literals the bytes of the literals among the steps
   * @param settled whether nothing can have changed while it was read
   */
  record Loaded(
      Entry.RegularFile entry,
      Signature signature,
      List<DeltaOp> ops,
      Bytes literals,
      Stat stat,
      boolean settled) {}

  /** The file is gone, and its removal is numbered or about to be. */
  static final class Gone extends IOException {
    private static final long serialVersionUID = 1L;

    Gone(EntryId id) {
      super("entry " + id + " is gone");
    }
  }

  boolean isInline(Inode inode) {
    return inode.entry() instanceof Entry.RegularFile file && file.size() <= INLINE_BYTES;
  }

  /** Reads a small file whole. */
  Loaded load(Inode inode, RelPath expected) throws IOException {
    pause();
    Collected collected = new Collected();
    return stream(inode, expected, null, ContentLoader::requireSmall, collected).withOps(collected);
  }

  private static void requireSmall(Stat stat) throws Grown {
    if (stat.size() > INLINE_BYTES) {
      throw new Grown();
    }
  }

  /** The file was small when it was numbered, and is not any more: it has to be streamed. */
  static final class Grown extends IOException {
    private static final long serialVersionUID = 1L;

    Grown() {
      super("the file has grown");
    }
  }

  /** Told how large a file is before its first step. */
  interface Start {
    void begins(Stat stat) throws IOException;
  }

  /**
   * Reads a file and hands its steps to the sink.
   *
   * @param expected where the file was when the cut was taken
   * @param base the signature of the version that the standby has; null where it has none
   * @throws Gone if the entry no longer exists
   */
  Streamed stream(
      Inode inode, RelPath expected, @Nullable Signature base, Start start, DeltaSink sink)
      throws IOException {
    for (int attempt = 0; ; attempt++) {
      try (DirFd root = tracker.enter();
          FileFd file =
              open(root, inode, attempt == 0 ? expected : newestPath(inode.id()), attempt)) {
        return read(file, base, start, sink);
      } catch (Moved moved) {
        if (attempt + 1 == ATTEMPTS) {
          throw new IOException("entry " + inode.id() + " keeps moving", moved);
        }
        if (attempt > 0) {
          awaitNumbered(tracker);
        }
      }
    }
  }

  private Streamed read(FileFd file, @Nullable Signature base, Start start, DeltaSink sink)
      throws IOException {
    Stat before = file.stat();
    boolean fresh = FileTimes.mayHideAChange(before);
    start.begins(before);
    if (before.blocks() * BLOCK_BYTES < before.size()) {
      // A range that was reserved but not written is a hole until it is read: reading ahead of the
      // search for holes would hide those that follow.
      file.adviseNoReadahead();
    }
    OpenContent content = new OpenContent(file, before.size());
    boolean weakSums = before.size() > INLINE_BYTES;
    DeltaEncoder.Result result =
        ENCODER.get().encode(base == null ? Signature.NONE : base, content, weakSums, sink);
    if (result.shrunk()) {
      throw new Contents.Shrunk();
    }
    Stat after = file.stat();
    boolean still = before.changed().equals(after.changed()) && before.size() == after.size();
    boolean settled = still && !fresh && file.writers() != WriterCheck.WRITERS;
    Entry.RegularFile entry =
        new Entry.RegularFile(
            EntryReader.metadata(after, EntryReader.mirrored(file.attributes())),
            result.signature().length(),
            result.signature().root(),
            result.layout());
    return new Streamed(entry, result.signature(), after, settled);
  }

  /** A file that was read, its steps gone to a sink. */
  record Streamed(Entry.RegularFile entry, Signature signature, Stat stat, boolean settled) {
    Loaded withOps(Collected collected) {
      return new Loaded(
          entry,
          signature,
          collected.ops,
          Bytes.wrap(collected.literals.toByteArray()),
          stat,
          settled);
    }
  }

  private FileFd open(DirFd root, Inode inode, RelPath path, int attempt) throws IOException {
    if (path.isRoot()) {
      // It had no name when the cut was taken: between two names, or about to be gone.
      throw new Moved(path, attempt);
    }
    FileFd file;
    try {
      file = root.openFile(path, Access.READ);
    } catch (LinuxException e) {
      if (e.is(
          Errno.ENOENT,
          Errno.ENOTDIR,
          Errno.EISDIR,
          Errno.ELOOP,
          Errno.ENXIO,
          Errno.EXDEV,
          Errno.EINVAL,
          Errno.ESTALE)) {
        throw new Moved(path, attempt);
      }
      throw e;
    }
    if (!EntryReader.isSame(inode.local(), file.statWhenOpened())) {
      file.close();
      throw new Moved(path, attempt);
    }
    return file;
  }

  private RelPath newestPath(EntryId id) throws IOException {
    try (Snapshot now = index.snapshot()) {
      if (now.inode(id).isEmpty()) {
        throw new Gone(id);
      }
      Optional<RelPath> path = now.path(id);
      if (path.isEmpty()) {
        throw new Moved(RelPath.ROOT, 0);
      }
      return path.get();
    }
  }

  /**
   * Whatever moved the file raised an event before: once it is numbered, the index knows the place.
   */
  static void awaitNumbered(Tracker tracker) throws IOException {
    try {
      var _ = tracker.drain().get(30, java.util.concurrent.TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
      throw new IOException("the tree does not come to rest", e);
    }
  }

  /** Not at its place when it was looked for. */
  private static final class Moved extends IOException {
    private static final long serialVersionUID = 1L;

    Moved(RelPath path, int attempt) {
      super(path + " is not there, attempt " + attempt);
    }
  }

  /** Keeps the steps of a small file. */
  static final class Collected implements DeltaSink {
    final List<DeltaOp> ops = new ArrayList<>();
    final ByteArrayOutputStream literals = new ByteArrayOutputStream();

    @Override
    public void literal(long offset, ByteBuffer bytes) {
      ops.add(new DeltaOp.Literal(offset, bytes.remaining()));
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      literals.writeBytes(copy);
    }

    @Override
    public void copy(long offset, long source, long length) {
      ops.add(new DeltaOp.Copy(offset, source, length));
    }

    @Override
    public void hole(long offset, long length) {
      ops.add(new DeltaOp.Hole(offset, length));
    }
  }
}

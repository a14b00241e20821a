package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.hotspare.delta.DeltaOp;
import org.hotspare.delta.DeltaPatcher;
import org.hotspare.delta.DeltaSink;
import org.hotspare.delta.PositionalReader;
import org.hotspare.delta.Signature;
import org.hotspare.index.Local;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.FileFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Entry;
import org.hotspare.tree.Name;
import org.hotspare.watch.EntryReader;
import org.jspecify.annotations.Nullable;

/**
 * Writes one file's content into the staging directory: from the steps that came, and from the
 * version that the standby has where a step copies. Checks what came against the digest that was
 * promised.
 */
final class Staging implements AutoCloseable {
  private static final ThreadLocal<ByteBuffer> DIRECT =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(256 << 10));

  private final DirFd directory;
  private final Name name;
  private final FileFd file;
  private final @Nullable Base base;
  private final DeltaPatcher patcher;

  /** Whether the file began as a copy of the base that shares its blocks. */
  private final boolean cloned;

  /**
   * The file to copy from.
   *
   * @param signature of what the index says it holds; blocks are copied under its sums unread
   * @param local as the index has it
   */
  record Base(FileFd file, Signature signature, Local local) {
    /**
     * Somebody here may have written to it, or it may be another version under one of its names.
     */
    boolean isUntouched() throws IOException {
      Stat stat = file.stat();
      return EntryReader.isSame(local, stat) && local.changed().equals(stat.changed());
    }
  }

  /**
   * @param base null where nothing is copied. Closed with this
   * @param size of the file when it is complete
   * @throws DigestMismatch if the base is not what the index says
   */
  Staging(DirFd directory, Name name, @Nullable Base base, long size) throws IOException {
    this.directory = directory;
    this.name = name;
    this.base = base;
    if (base != null && !base.isUntouched()) {
      base.file().close();
      throw new DigestMismatch(name);
    }
    this.file = create(directory, name);
    Signature known = base == null ? Signature.NONE : base.signature();
    FileFd from = base == null ? null : base.file();
    this.patcher =
        new DeltaPatcher(
            known, reader(from), size, size > ContentLoader.INLINE_BYTES, new Target());
    this.cloned = from != null && file.cloneFrom(from);
    file.truncate(size);
  }

  private static FileFd create(DirFd directory, Name name) throws IOException {
    try {
      return directory.create(name);
    } catch (LinuxException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
      directory.unlink(name);
      return directory.create(name);
    }
  }

  private static PositionalReader reader(@Nullable FileFd base) {
    if (base == null) {
      return (target, offset) -> -1;
    }
    return new OpenContent(base, Long.MAX_VALUE);
  }

  /** Takes steps whose literals lie in {@code payload}, from its position on. */
  void take(List<DeltaOp> ops, ByteBuffer payload) throws IOException {
    for (DeltaOp op : ops) {
      switch (op) {
        case DeltaOp.Literal literal -> {
          int length = Math.toIntExact(literal.length());
          ByteBuffer bytes = payload.slice(payload.position(), length);
          payload.position(payload.position() + length);
          patcher.literal(literal.offset(), bytes);
        }
        case DeltaOp.Copy copy -> patcher.copy(copy.offset(), copy.source(), copy.length());
        case DeltaOp.Hole hole -> patcher.hole(hole.offset(), hole.length());
      }
    }
  }

  /**
   * The file is complete: checks it and gives it its metadata.
   *
   * @throws DigestMismatch if it is not the content that was promised
   */
  Staged finish(Entry.RegularFile entry) throws IOException {
    if (base != null && !base.isUntouched()) {
      throw new DigestMismatch(name);
    }
    Signature signature = patcher.finish();
    if (!signature.root().equals(entry.digest())) {
      throw new DigestMismatch(name);
    }
    List<String> refused = FileMetadata.set(file, entry.metadata());
    return new Staged(name, entry, signature, EntryReader.local(file.stat(), true), refused);
  }

  void sync() throws IOException {
    file.fdatasync();
  }

  /** Gives up: removes what was staged. */
  void discard() throws IOException {
    directory.unlink(name);
  }

  @Override
  public void close() {
    file.close();
    if (base != null) {
      base.file().close();
    }
  }

  /** What was put together is not what the primary read: the standby's own version was another. */
  static final class DigestMismatch extends IOException {
    private static final long serialVersionUID = 1L;

    DigestMismatch(Name name) {
      super("the content of " + name + " is not what was announced");
    }
  }

  private final class Target implements DeltaSink {
    @Override
    public void literal(long offset, ByteBuffer bytes) throws IOException {
      long at = offset;
      while (bytes.hasRemaining()) {
        ByteBuffer direct = DIRECT.get().clear();
        int length = Math.min(direct.capacity(), bytes.remaining());
        direct.put(bytes.slice(bytes.position(), length)).flip();
        bytes.position(bytes.position() + length);
        file.write(direct, at);
        at += length;
      }
    }

    @Override
    public void copy(long offset, long source, long length) throws IOException {
      FileFd from = base == null ? null : base.file();
      if (cloned && offset == source) {
        return;
      }
      if (from == null) {
        throw new IOException("a step copies from a version that is not there");
      }
      long copied = file.copyRangeFrom(from, source, offset, length);
      if (copied != length) {
        throw new IOException("the earlier version is shorter than it was");
      }
    }

    @Override
    public void hole(long offset, long length) throws IOException {
      // The file was made with its whole length: what is not written is a hole, unless it was
      // cloned.
      if (cloned && !file.punchHole(offset, length)) {
        throw new IOException("the filesystem makes no holes");
      }
    }
  }
}

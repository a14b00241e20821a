package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/**
 * A running listing of a directory, thousands of names for each system call. Names that come or go
 * meanwhile may or may not be among them. For one thread.
 */
public final class Listing implements AutoCloseable {
  private static final int LENGTH_OFFSET = 16;
  private static final int TYPE_OFFSET = 18;
  private static final int NAME_OFFSET = 19;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.nativeOrder());
  private static final @Nullable FileKind[] KIND_OF_CODE = kindOfCode();

  private final DirFd directory;
  private final boolean ownsDirectory;
  private final Scratch scratch;

  /** A copy of the kernel's records: to search for the ends of names is faster on the heap. */
  private byte[] records = new byte[0];

  private int end;
  private int at;
  private boolean finished;
  private boolean closed;

  /**
   * @param ownsDirectory whether the descriptor was opened for this listing alone
   */
  Listing(DirFd directory, boolean ownsDirectory) {
    this.directory = directory;
    this.ownsDirectory = ownsDirectory;
    this.scratch = Scratch.take();
  }

  private static @Nullable FileKind[] kindOfCode() {
    @Nullable FileKind[] kinds = new FileKind[16];
    for (FileKind kind : FileKind.values()) {
      kinds[kind.code()] = kind;
    }
    return kinds;
  }

  /**
   * The next entry, never {@code .} or {@code ..}; null after the last one.
   *
   * @throws LinuxException EUCLEAN for a name that no directory can hold
   */
  public @Nullable Listed next() throws LinuxException {
    while (at < end || fill()) {
      int start = at;
      int length =
          end - start < NAME_OFFSET ? 0 : (short) SHORT.get(records, start + LENGTH_OFFSET);
      if (length <= NAME_OFFSET || length > end - start) {
        throw damaged();
      }
      at = start + length;
      Listed listed = parse(start, length);
      if (listed != null) {
        return listed;
      }
    }
    return null;
  }

  private boolean fill() throws LinuxException {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    if (finished) {
      return false;
    }
    MemorySegment buffer = scratch.large();
    long result =
        Kernel.call(
            scratch, Syscall.GETDENTS64, directory.number(), buffer.address(), Scratch.LARGE_BYTES);
    if (result == -Errno.ENOENT.number()) {
      // A directory that was removed while open has no names left.
      result = 0;
    }
    directory.check(result, Syscall.GETDENTS64, null);
    at = 0;
    end = (int) result;
    finished = end == 0;
    if (records.length < end) {
      records = new byte[end];
    }
    MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, records, 0, end);
    return !finished;
  }

  private @Nullable Listed parse(int start, int length) throws LinuxException {
    int first = start + NAME_OFFSET;
    int last = first;
    while (records[last] != 0) {
      last++;
      if (last == start + length) {
        throw damaged();
      }
    }
    if (isSelfOrParent(first, last)) {
      return null;
    }
    Name name;
    try {
      name = new Name(Bytes.wrap(Arrays.copyOfRange(records, first, last)));
    } catch (IllegalArgumentException noName) {
      LinuxException failure = damaged();
      failure.addSuppressed(noName);
      throw failure;
    }
    return new Listed(
        name, (long) LONG.get(records, start), KIND_OF_CODE[records[start + TYPE_OFFSET] & 0xf]);
  }

  private boolean isSelfOrParent(int first, int last) {
    int length = last - first;
    return (length == 1 || length == 2) && records[first] == '.' && records[last - 1] == '.';
  }

  private LinuxException damaged() {
    return directory.failure(Errno.EUCLEAN.number(), Syscall.GETDENTS64, null);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    at = end;
    scratch.close();
    if (ownsDirectory) {
      directory.close();
    } else {
      directory.listingEnded();
    }
  }
}

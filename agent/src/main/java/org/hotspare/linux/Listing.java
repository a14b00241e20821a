package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/**
 * A running listing of a directory, thousands of names for each system call. Names that come or go
 * meanwhile may or may not be among them. For one thread.
 */
public final class Listing implements AutoCloseable {
  private static final int HEADER_BYTES = 19;
  private static final FileKind[] KINDS = FileKind.values();

  private final DirFd directory;
  private final boolean ownsDirectory;
  private final Scratch scratch;
  private final MemorySegment buffer;
  private long end;
  private long at;
  private boolean finished;
  private boolean closed;

  /**
   * @param ownsDirectory whether the descriptor was opened for this listing alone
   */
  Listing(DirFd directory, boolean ownsDirectory) {
    this.directory = directory;
    this.ownsDirectory = ownsDirectory;
    this.scratch = Scratch.take();
    this.buffer = scratch.large();
  }

  /**
   * The next entry, never {@code .} or {@code ..}; null after the last one.
   *
   * @throws LinuxException EUCLEAN for a name that no directory can hold
   */
  public @Nullable Listed next() throws LinuxException {
    while (true) {
      if (at == end && !fill()) {
        return null;
      }
      int length = buffer.get(ValueLayout.JAVA_SHORT, at + 16) & 0xffff;
      if (length < HEADER_BYTES || length > end - at) {
        throw damaged();
      }
      long start = at;
      at += length;
      Listed listed = parse(start, length);
      if (listed != null) {
        return listed;
      }
    }
  }

  private boolean fill() throws LinuxException {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    if (finished) {
      return false;
    }
    long result =
        Kernel.call(
            scratch, Syscall.GETDENTS64, directory.number(), buffer.address(), Scratch.LARGE_BYTES);
    if (result == -Errno.ENOENT.number()) {
      // A directory that was removed while open has no names left.
      result = 0;
    }
    directory.check(result, Syscall.GETDENTS64, null);
    at = 0;
    end = result;
    finished = result == 0;
    return !finished;
  }

  private @Nullable Listed parse(long start, int length) throws LinuxException {
    int nameLength = 0;
    while (buffer.get(ValueLayout.JAVA_BYTE, start + HEADER_BYTES + nameLength) != 0) {
      nameLength++;
      if (HEADER_BYTES + nameLength == length) {
        throw damaged();
      }
    }
    byte[] name = new byte[nameLength];
    MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, start + HEADER_BYTES, name, 0, nameLength);
    if (!Name.isValid(name)) {
      if (isSelfOrParent(name)) {
        return null;
      }
      throw damaged();
    }
    int type = buffer.get(ValueLayout.JAVA_BYTE, start + 18);
    return new Listed(
        new Name(Bytes.wrap(name)), buffer.get(ValueLayout.JAVA_LONG, start), kind(type));
  }

  private static boolean isSelfOrParent(byte[] name) {
    return (name.length == 1 || name.length == 2) && name[0] == '.' && name[name.length - 1] == '.';
  }

  private static @Nullable FileKind kind(int type) {
    for (FileKind kind : KINDS) {
      if (kind.code() == type) {
        return kind;
      }
    }
    return null;
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

package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** An open regular file. Buffers must be direct: the kernel writes into them without a copy. */
public final class FileFd extends Descriptor {
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final int FALLOC_KEEP_SIZE = 1;
  private static final int FALLOC_PUNCH_HOLE = 2;
  private static final int FICLONE = 0x40049409;
  private static final int F_SETSIG = 10;
  private static final int F_SETLEASE = 1024;
  private static final int F_RDLCK = 0;
  private static final int F_UNLCK = 2;
  private static final int SIGURG = 23;
  private static final int POSIX_FADV_RANDOM = 1;
  private static final int POSIX_FADV_DONTNEED = 4;
  private static final int SYNC_FILE_RANGE_WRITE = 2;
  private static final int COPY_BYTES = 1 << 30;

  private final Access access;
  private final @Nullable Stat opened;

  FileFd(int number, Access access, @Nullable Stat opened) {
    super(number);
    this.access = access;
    this.opened = opened;
  }

  public Access access() {
    return access;
  }

  /** As the file was when it was opened by name, without asking the kernel again. */
  public Stat statWhenOpened() throws LinuxException {
    return opened != null ? opened : stat();
  }

  /** Another descriptor of the same file, at whatever name it is now. */
  public FileFd reopen(Access newAccess) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result = Opening.reopen(scratch, number(), newAccess);
      check(result, Syscall.OPENAT, null);
      return new FileFd((int) result, newAccess, null);
    }
  }

  /**
   * Fills the direct buffer from its position on as far as the file reaches, and moves the
   * position.
   *
   * @return bytes read; fewer than the buffer had room for only at the end of the file
   */
  public int read(ByteBuffer buffer, long offset) throws LinuxException {
    return transfer(Syscall.PREAD64, buffer, offset);
  }

  /** Writes all that the direct buffer has left, and moves its position to the limit. */
  public void write(ByteBuffer buffer, long offset) throws LinuxException {
    transfer(Syscall.PWRITE64, buffer, offset);
    if (buffer.hasRemaining()) {
      throw failure(Errno.EIO.number(), Syscall.PWRITE64, null);
    }
  }

  private int transfer(Syscall call, ByteBuffer buffer, long offset) throws LinuxException {
    if (!buffer.isDirect()) {
      throw new IllegalArgumentException("not a direct buffer");
    }
    int start = buffer.position();
    long address = MemorySegment.ofBuffer(buffer).address();
    try (Scratch scratch = Scratch.take()) {
      while (buffer.hasRemaining()) {
        int done = buffer.position() - start;
        long result =
            Kernel.call(scratch, call, number(), address + done, buffer.remaining(), offset + done);
        check(result, call, null);
        if (result == 0) {
          break;
        }
        buffer.position(buffer.position() + (int) result);
      }
      return buffer.position() - start;
    } finally {
      Reference.reachabilityFence(buffer);
    }
  }

  public void truncate(long size) throws LinuxException {
    onThis(Syscall.FTRUNCATE, size, 0, 0);
  }

  /** The next offset from this one on that is in no hole; -1 where only a hole follows. */
  public long seekData(long offset) throws LinuxException {
    return seek(offset, SEEK_DATA);
  }

  /** The next hole from this offset on, which may be the end; -1 from the end on. */
  public long seekHole(long offset) throws LinuxException {
    return seek(offset, SEEK_HOLE);
  }

  private long seek(long offset, int whence) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result = Kernel.call(scratch, Syscall.LSEEK, number(), offset, whence);
      if (result == -Errno.ENXIO.number()) {
        return -1;
      }
      check(result, Syscall.LSEEK, null);
      return result;
    }
  }

  /**
   * Makes a hole, without changing the size.
   *
   * @return false where the filesystem cannot
   */
  public boolean punchHole(long offset, long length) throws LinuxException {
    return fallocate(FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE, offset, length);
  }

  /**
   * Reserves the blocks of a range, without changing the size.
   *
   * @return false where the filesystem cannot
   */
  public boolean allocate(long offset, long length) throws LinuxException {
    return fallocate(FALLOC_KEEP_SIZE, offset, length);
  }

  private boolean fallocate(int mode, long offset, long length) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result = Kernel.call(scratch, Syscall.FALLOCATE, number(), mode, offset, length);
      if (result == -Errno.EOPNOTSUPP.number()) {
        return false;
      }
      check(result, Syscall.FALLOCATE, null);
      return true;
    }
  }

  /** Makes content and size durable. */
  public void fdatasync() throws LinuxException {
    onThis(Syscall.FDATASYNC, 0, 0, 0);
  }

  /** Starts to write a range to disk and does not wait: makes a later sync short, no more. */
  public void startWriteback(long offset, long length) throws LinuxException {
    onThis(Syscall.SYNC_FILE_RANGE, offset, length, SYNC_FILE_RANGE_WRITE);
  }

  /** Tells the kernel that the pages of a range need not stay in its cache; 0 is to the end. */
  public void adviseDontNeed(long offset, long length) throws LinuxException {
    advise(offset, length, POSIX_FADV_DONTNEED);
  }

  /** Tells the kernel to read through this descriptor no further than it is asked to. */
  public void adviseNoReadahead() throws LinuxException {
    advise(0, 0, POSIX_FADV_RANDOM);
  }

  private void advise(long offset, long length, int advice) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result = Kernel.call(scratch, Syscall.FADVISE64, number(), offset, length, advice);
      check(result, Syscall.FADVISE64, null);
    }
  }

  /**
   * Makes this file share all of the other's blocks, and have its size and content.
   *
   * @return false where the filesystem cannot, or they lie on different ones
   */
  public boolean cloneFrom(FileFd source) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result = Kernel.call(scratch, Syscall.IOCTL, number(), FICLONE, source.number());
      if (isUnsupported(result) || result == -Errno.ENOTTY.number()) {
        return false;
      }
      check(result, Syscall.IOCTL, null);
      return true;
    }
  }

  private static boolean isUnsupported(long result) {
    return result == -Errno.EOPNOTSUPP.number()
        || result == -Errno.EXDEV.number()
        || result == -Errno.EINVAL.number()
        || result == -Errno.ENOSYS.number();
  }

  /**
   * Copies a range within the kernel where it can, else through a buffer.
   *
   * @return bytes copied; fewer than {@code length} only at the end of the source
   */
  public long copyRangeFrom(FileFd source, long sourceOffset, long offset, long length)
      throws LinuxException {
    long copied = 0;
    try (Scratch scratch = Scratch.take()) {
      MemorySegment offsets = scratch.struct();
      while (copied < length) {
        offsets.set(ValueLayout.JAVA_LONG, 0, sourceOffset + copied);
        offsets.set(ValueLayout.JAVA_LONG, 8, offset + copied);
        long result =
            Kernel.call(
                scratch,
                Syscall.COPY_FILE_RANGE,
                source.number(),
                offsets.address(),
                number(),
                offsets.address() + 8,
                Math.min(length - copied, COPY_BYTES),
                0);
        // Some kernels say 0 where they cannot copy, so only a read tells the end.
        if (result == 0 || isUnsupported(result)) {
          return copied
              + copyThroughBuffer(
                  scratch, source, sourceOffset + copied, offset + copied, length - copied);
        }
        check(result, Syscall.COPY_FILE_RANGE, null);
        copied += result;
      }
    }
    return copied;
  }

  private long copyThroughBuffer(
      Scratch scratch, FileFd source, long sourceOffset, long offset, long length)
      throws LinuxException {
    ByteBuffer buffer = scratch.large().asByteBuffer();
    long copied = 0;
    while (copied < length) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), length - copied));
      int read = source.read(buffer, sourceOffset + copied);
      if (read == 0) {
        break;
      }
      write(buffer.flip(), offset + copied);
      copied += read;
    }
    return copied;
  }

  /**
   * Takes a read lease, which the kernel grants only while no process has the file open for writing
   * or mapped so. While it is held, whoever opens the file for writing waits in {@code open}, so
   * release it at once. This descriptor must be open for reading only.
   */
  public WriterCheck takeReadLease() throws LinuxException {
    if (access != Access.READ) {
      throw new IllegalStateException("a read lease needs a descriptor for reading only");
    }
    try (Scratch scratch = Scratch.take()) {
      // A writer who arrives makes the kernel signal this process, by default with SIGIO, which
      // would end it; SIGURG is ignored unless somebody asks for it.
      long result = Kernel.call(scratch, Syscall.FCNTL, number(), F_SETSIG, SIGURG);
      check(result, Syscall.FCNTL, null);
      result = Kernel.call(scratch, Syscall.FCNTL, number(), F_SETLEASE, F_RDLCK);
      if (result == -Errno.EAGAIN.number()) {
        return WriterCheck.WRITERS;
      }
      if (result == -Errno.EINVAL.number()
          || result == -Errno.EACCES.number()
          || result == -Errno.EOPNOTSUPP.number()) {
        return WriterCheck.UNKNOWN;
      }
      check(result, Syscall.FCNTL, null);
      return WriterCheck.NONE;
    }
  }

  /** Does nothing where none is held. */
  public void releaseLease() throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result = Kernel.call(scratch, Syscall.FCNTL, number(), F_SETLEASE, F_UNLCK);
      if (result != -Errno.EAGAIN.number() && result != -Errno.EINVAL.number()) {
        check(result, Syscall.FCNTL, null);
      }
    }
  }

  /** Asks at this moment, by a lease that is taken and released. */
  public WriterCheck writers() throws LinuxException {
    WriterCheck answer = takeReadLease();
    if (answer == WriterCheck.NONE) {
      releaseLease();
    }
    return answer;
  }
}

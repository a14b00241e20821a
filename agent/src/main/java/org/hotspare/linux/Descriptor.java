package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Name;
import org.hotspare.tree.Timestamp;
import org.jspecify.annotations.Nullable;

/**
 * An open inode. What is called here acts on that inode, whatever its names are by now. Calls may
 * come from several threads, but {@link #close} only when no call runs: the kernel gives the number
 * to the next file that is opened.
 */
public abstract sealed class Descriptor implements AutoCloseable permits DirFd, FileFd, EntryFd {
  static final int AT_SYMLINK_NOFOLLOW = 0x100;
  static final int AT_EMPTY_PATH = 0x1000;
  private static final int AT_NO_AUTOMOUNT = 0x800;
  private static final int AT_HANDLE_FID = 0x200;
  private static final long UTIME_OMIT = 0x3ffffffe;
  private static final int HANDLE_HEADER_BYTES = 8;

  private final AtomicInteger number;

  Descriptor(int number) {
    this.number = new AtomicInteger(number);
  }

  /**
   * @throws IllegalStateException after {@link #close}
   */
  final int number() {
    int value = number.get();
    if (value < 0) {
      throw new IllegalStateException("closed");
    }
    return value;
  }

  /** Closes the descriptor; further calls of this method do nothing. */
  @Override
  public void close() {
    int value = number.getAndSet(-1);
    if (value >= 0) {
      Kernel.close(value);
    }
  }

  public final Stat stat() throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result = statx(scratch, number(), scratch.empty(), AT_EMPTY_PATH);
      check(result, Syscall.STATX, null);
      return Stat.of(scratch.struct());
    }
  }

  /** Exactly these permissions, whatever the process's umask. */
  public void setPermissions(int permissions) throws LinuxException {
    onThis(Syscall.FCHMOD, permissions, 0, 0);
  }

  /** Sets both ids. The kernel takes set-id bits and capabilities away when it does. */
  public void setOwner(int owner, int group) throws LinuxException {
    onThis(Syscall.FCHOWN, owner, group, 0);
  }

  /** Sets the mtime and leaves the atime. */
  public void setModified(Timestamp modified) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long times = putTimes(scratch, modified);
      check(
          Kernel.call(scratch, Syscall.UTIMENSAT, number(), 0, times, 0), Syscall.UTIMENSAT, null);
    }
  }

  Attributes attributesOf() {
    return Attributes.ofDescriptor(number());
  }

  /**
   * All extended attributes of all namespaces that this process may see, in no order; none where
   * the filesystem has none.
   */
  public final List<Attribute> attributes() throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      return attributesOf().list(scratch, this);
    }
  }

  /** Creates or replaces it. */
  public final void setAttribute(Attribute attribute) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      attributesOf().set(scratch, this, attribute);
    }
  }

  /**
   * @return whether there was one
   */
  public final boolean removeAttribute(Bytes name) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      return attributesOf().remove(scratch, this, name);
    }
  }

  /**
   * @throws LinuxException EOPNOTSUPP where the filesystem has no handles
   */
  public final FileHandle handle() throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      return handle(scratch, scratch.empty(), AT_EMPTY_PATH, null);
    }
  }

  /** Makes content and metadata durable; of a directory, its names. */
  public final void fsync() throws LinuxException {
    onThis(Syscall.FSYNC, 0, 0, 0);
  }

  /** Makes all that was written to this filesystem so far durable. */
  public final void syncfs() throws LinuxException {
    onThis(Syscall.SYNCFS, 0, 0, 0);
  }

  /** The eight bytes that {@code statfs} and fanotify call the filesystem by. */
  public final Bytes fileSystemId() throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment statfs = statfs(scratch);
      return Bytes.wrap(scratch.copyOf(statfs.asSlice(56, 8), 8));
    }
  }

  public final FileSystemType type() throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      return FileSystemType.of(statfs(scratch).get(ValueLayout.JAVA_LONG, 0));
    }
  }

  public final Space space() throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment statfs = statfs(scratch);
      long fragment = statfs.get(ValueLayout.JAVA_LONG, 72);
      long unit = fragment != 0 ? fragment : statfs.get(ValueLayout.JAVA_LONG, 8);
      return new Space(
          statfs.get(ValueLayout.JAVA_LONG, 16) * unit,
          statfs.get(ValueLayout.JAVA_LONG, 32) * unit,
          statfs.get(ValueLayout.JAVA_LONG, 40),
          statfs.get(ValueLayout.JAVA_LONG, 48),
          (statfs.get(ValueLayout.JAVA_LONG, 80) & 1) != 0);
    }
  }

  private MemorySegment statfs(Scratch scratch) throws LinuxException {
    MemorySegment struct = scratch.struct();
    check(Kernel.call(scratch, Syscall.FSTATFS, number(), struct.address()), Syscall.FSTATFS, null);
    return struct;
  }

  /** A call whose first argument is this descriptor and whose others are numbers. */
  final void onThis(Syscall call, long b, long c, long d) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      check(Kernel.call(scratch, call, number(), b, c, d), call, null);
    }
  }

  static long statx(Scratch scratch, int descriptor, long path, int flags) {
    return Kernel.call(
        scratch,
        Syscall.STATX,
        descriptor,
        path,
        flags | AT_NO_AUTOMOUNT,
        Stat.MASK,
        scratch.struct().address());
  }

  static long putTimes(Scratch scratch, Timestamp modified) {
    MemorySegment times = scratch.struct();
    times.set(ValueLayout.JAVA_LONG, 0, 0);
    times.set(ValueLayout.JAVA_LONG, 8, UTIME_OMIT);
    times.set(ValueLayout.JAVA_LONG, 16, modified.seconds());
    times.set(ValueLayout.JAVA_LONG, 24, modified.nanos());
    return times.address();
  }

  final FileHandle handle(Scratch scratch, long path, int flags, @Nullable Name name)
      throws LinuxException {
    long result = nameToHandle(scratch, path, flags);
    if (result == -Errno.EOPNOTSUPP.number()) {
      // A filesystem that cannot be exported, such as overlayfs, still names its inodes for
      // fanotify since Linux 6.5.
      long second = nameToHandle(scratch, path, flags | AT_HANDLE_FID);
      result = second == -Errno.EINVAL.number() ? result : second;
    }
    check(result, Syscall.NAME_TO_HANDLE_AT, name);
    MemorySegment struct = scratch.struct();
    int length = struct.get(ValueLayout.JAVA_INT, 0);
    if (length < 0 || length > FileHandle.MAX_BYTES) {
      throw failure(Errno.EOVERFLOW.number(), Syscall.NAME_TO_HANDLE_AT, name);
    }
    byte[] bytes = scratch.copyOf(struct.asSlice(HANDLE_HEADER_BYTES), length);
    return new FileHandle(struct.get(ValueLayout.JAVA_INT, 4), Bytes.wrap(bytes));
  }

  private long nameToHandle(Scratch scratch, long path, int flags) {
    MemorySegment struct = scratch.struct();
    struct.set(ValueLayout.JAVA_INT, 0, FileHandle.MAX_BYTES);
    struct.set(ValueLayout.JAVA_INT, 4, 0);
    long mountId = struct.address() + 256;
    return Kernel.call(
        scratch, Syscall.NAME_TO_HANDLE_AT, number(), path, struct.address(), mountId, flags);
  }

  /**
   * @param name the entry that the call was about, or null for the open inode itself
   */
  final void check(long result, Syscall call, @Nullable Name name) throws LinuxException {
    if (result < 0) {
      throw failure((int) -result, call, name);
    }
  }

  final LinuxException failure(int errno, Syscall call, @Nullable Name name) {
    return new LinuxException(errno, call.text(), describe(name));
  }

  /** The path as it is now, for messages only: it costs a system call and may be outdated. */
  final String describe(@Nullable Name name) {
    String base = pathNow();
    return name == null ? base : base + (base.endsWith("/") ? "" : "/") + name;
  }

  /** Fit for a terminal; empty after {@link #close} or without /proc. */
  private String pathNow() {
    int value = number.get();
    if (value < 0) {
      return "";
    }
    // The caller may still need what its own scratch holds.
    try (Scratch scratch = Scratch.take()) {
      MemorySegment target = scratch.other();
      long length =
          Kernel.call(
              scratch,
              Syscall.READLINKAT,
              Kernel.AT_FDCWD,
              scratch.descriptorPath(value),
              target.address(),
              Scratch.PATH_BYTES);
      return length <= 0 ? "" : Bytes.wrap(scratch.copyOf(target, length)).toString();
    }
  }

  /** Where the inode is now, for messages. */
  public final String path() {
    return pathNow();
  }

  @Override
  public String toString() {
    int value = number.get();
    return value < 0 ? "closed" : value + " " + pathNow();
  }
}

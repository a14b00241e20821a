package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/**
 * How files and directories are opened: below a directory descriptor, through no symbolic link. A
 * file is opened O_PATH first, which has no effect on anything, looked at, and only then opened in
 * earnest, so that no FIFO blocks and no device is touched, whatever the name stands for by now.
 */
final class Opening {
  static final int O_NONBLOCK = 0x800;
  static final int O_CREAT = 0x40;
  static final int O_EXCL = 0x80;
  static final int O_NOATIME = 0x40000;
  static final int O_CLOEXEC = 0x80000;
  static final int O_PATH = 0x200000;
  static final int O_DIRECTORY = Syscall.AARCH64 ? 0x4000 : 0x10000;
  static final int O_NOFOLLOW = Syscall.AARCH64 ? 0x8000 : 0x20000;
  static final int O_TMPFILE = 0x400000 | O_DIRECTORY;

  /** Without O_NOFOLLOW, which would turn the ELOOP of a link into ENOTDIR. */
  private static final int DIRECTORY_FLAGS = O_DIRECTORY | O_CLOEXEC;

  /** RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS. */
  private static final long RESOLVE = 0x08 | 0x04 | 0x02;

  /** Refuses by EXDEV to enter what is mounted on a directory, also a part of its filesystem. */
  private static final long RESOLVE_NO_XDEV = 0x01;

  private static final int OPEN_HOW_BYTES = 24;

  private static volatile int processDescriptors = -1;

  private Opening() {}

  /** The directory itself may be the root: then another descriptor of it. */
  static int directory(DirFd base, List<Name> path) throws LinuxException {
    return walk(base, path, DIRECTORY_FLAGS);
  }

  static int directory(DirFd base, Name name) throws LinuxException {
    return directory(base, name, RESOLVE);
  }

  /** Fails with EXDEV where something is mounted on the directory. */
  static int directoryOfSameMount(DirFd base, Name name) throws LinuxException {
    return directory(base, name, RESOLVE | RESOLVE_NO_XDEV);
  }

  private static int directory(DirFd base, Name name, long resolve) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      scratch.name(name);
      long result = openat2(scratch, base.number(), DIRECTORY_FLAGS, resolve);
      base.check(result, Syscall.OPENAT2, name);
      return (int) result;
    }
  }

  /** An O_PATH descriptor of whatever the name is; of a symbolic link, the link itself. */
  static int path(DirFd base, Name name) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result =
          Kernel.call(
              scratch,
              Syscall.OPENAT,
              base.number(),
              scratch.name(name),
              O_PATH | O_NOFOLLOW | O_CLOEXEC,
              0);
      base.check(result, Syscall.OPENAT, name);
      return (int) result;
    }
  }

  static int path(DirFd base, List<Name> path) throws LinuxException {
    return walk(base, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  }

  /** An O_PATH descriptor of the inode with the handle, on the filesystem of the directory. */
  static int path(DirFd base, FileHandle handle) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      byte[] bytes = handle.bytes().array();
      MemorySegment struct = scratch.struct();
      struct.set(ValueLayout.JAVA_INT, 0, bytes.length);
      struct.set(ValueLayout.JAVA_INT, 4, handle.type());
      MemorySegment.copy(bytes, 0, struct, ValueLayout.JAVA_BYTE, 8, bytes.length);
      long result =
          Kernel.call(
              scratch,
              Syscall.OPEN_BY_HANDLE_AT,
              base.number(),
              struct.address(),
              O_PATH | O_CLOEXEC);
      base.check(result, Syscall.OPEN_BY_HANDLE_AT, null);
      return (int) result;
    }
  }

  /**
   * Opens in earnest what {@code pathDescriptor} stands for and closes that.
   *
   * @param path of it from {@code base}, for messages
   * @throws LinuxException ELOOP for a symbolic link, EISDIR for a directory, ENXIO for a FIFO,
   *     socket or device, EAGAIN where another process holds a lease that this would break
   */
  static FileFd regularFile(DirFd base, int pathDescriptor, Access access, List<Name> path)
      throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      Stat stat = base.statOf(scratch, pathDescriptor, path);
      Errno refused = refusal(stat.kind());
      long result = refused == null ? reopen(scratch, pathDescriptor, access) : -refused.number();
      base.checkPath(result, Syscall.OPENAT, path);
      return new FileFd((int) result, access, stat);
    } finally {
      Kernel.close(pathDescriptor);
    }
  }

  private static @Nullable Errno refusal(FileKind kind) {
    return switch (kind) {
      case REGULAR_FILE -> null;
      case SYMBOLIC_LINK -> Errno.ELOOP;
      case DIRECTORY -> Errno.EISDIR;
      case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> Errno.ENXIO;
    };
  }

  /** Another descriptor of the same inode, which must be a regular file. */
  static long reopen(Scratch scratch, int descriptor, Access access) {
    long directory = descriptors(scratch);
    if (directory < 0) {
      return directory;
    }
    int flags = access.flag() | O_NONBLOCK | O_CLOEXEC;
    long name = scratch.descriptorName(descriptor);
    long result = Kernel.call(scratch, Syscall.OPENAT, directory, name, flags | O_NOATIME, 0);
    // Only the owner and the privileged may read without leaving a trace in the atime.
    return result == -Errno.EPERM.number()
        ? Kernel.call(scratch, Syscall.OPENAT, directory, name, flags, 0)
        : result;
  }

  /**
   * A descriptor of {@code /proc/self/fd}, kept open, since to walk there takes longer than all the
   * rest of opening a file; or the error's number negated.
   */
  private static long descriptors(Scratch scratch) {
    int known = processDescriptors;
    return known >= 0 ? known : openDescriptors(scratch);
  }

  private static synchronized long openDescriptors(Scratch scratch) {
    if (processDescriptors < 0) {
      long result =
          Kernel.call(
              scratch,
              Syscall.OPENAT,
              Kernel.AT_FDCWD,
              scratch.descriptorsPath(),
              O_PATH | O_DIRECTORY | O_CLOEXEC,
              0);
      if (result < 0) {
        return result;
      }
      processDescriptors = (int) result;
    }
    return processDescriptors;
  }

  /**
   * Opens a path in as few calls as the kernel's limit for a path's length allows: nearly always
   * one.
   */
  private static int walk(DirFd base, List<Name> path, int lastFlags) throws LinuxException {
    int at = base.number();
    int next = 0;
    try (Scratch scratch = Scratch.take()) {
      do {
        int end = fitting(path, next);
        putPath(scratch, path, next, end);
        boolean last = end == path.size();
        long result =
            openat2(scratch, at, last ? lastFlags : O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE);
        if (at != base.number()) {
          Kernel.close(at);
          at = base.number();
        }
        base.checkPath(result, Syscall.OPENAT2, path);
        at = (int) result;
        next = end;
      } while (next < path.size());
    }
    return at;
  }

  /** The end of the longest run of names from {@code start} that is a path short enough. */
  private static int fitting(List<Name> path, int start) {
    int length = 0;
    int end = start;
    while (end < path.size()) {
      length += path.get(end).bytes().length() + 1;
      if (length > Scratch.PATH_BYTES) {
        break;
      }
      end++;
    }
    return end;
  }

  private static void putPath(Scratch scratch, List<Name> path, int start, int end) {
    MemorySegment into = scratch.path();
    int at = 0;
    for (int i = start; i < end; i++) {
      byte[] name = path.get(i).bytes().array();
      MemorySegment.copy(name, 0, into, ValueLayout.JAVA_BYTE, at, name.length);
      at += name.length;
      into.set(ValueLayout.JAVA_BYTE, at++, (byte) '/');
    }
    if (at == 0) {
      into.set(ValueLayout.JAVA_BYTE, at++, (byte) '.');
      at++;
    }
    into.set(ValueLayout.JAVA_BYTE, at - 1, (byte) 0);
  }

  private static long openat2(Scratch scratch, int base, int flags, long resolve) {
    MemorySegment how = scratch.struct();
    how.set(ValueLayout.JAVA_LONG, 0, flags);
    how.set(ValueLayout.JAVA_LONG, 8, 0);
    how.set(ValueLayout.JAVA_LONG, 16, resolve);
    return Kernel.call(
        scratch, Syscall.OPENAT2, base, scratch.path().address(), how.address(), OPEN_HOW_BYTES);
  }
}

package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.tree.Timestamp;
import org.jspecify.annotations.Nullable;

/**
 * An open directory. Every call takes one name in it, or a path below it that leads through no
 * symbolic link, and acts on the name itself: no link is followed, nothing outside is reached.
 * Errors name the path as it is when they happen.
 */
public final class DirFd extends Descriptor {
  private static final int AT_REMOVEDIR = 0x200;
  private static final int AT_SYMLINK_FOLLOW = 0x400;
  private static final int RENAME_NOREPLACE = 1;
  private static final int RENAME_EXCHANGE = 2;
  private static final int SEEK_SET = 0;

  /** Set where the kernel is older than fchmodat2, which is of Linux 6.6. */
  private static volatile boolean lacksFchmodat2;

  private final AtomicBoolean listing = new AtomicBoolean();

  DirFd(int number) {
    super(number);
  }

  /** Opens a directory that the administrator named: links in the path are followed. */
  public static DirFd openRoot(Path path) throws LinuxException {
    return openRoot(Bytes.of(path.toString()));
  }

  /** As {@link #openRoot(Path)}, for a path that may be no text. */
  public static DirFd openRoot(Bytes path) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result =
          Kernel.call(
              scratch,
              Syscall.OPENAT,
              Kernel.AT_FDCWD,
              scratch.path(path.array(), Syscall.OPENAT),
              Opening.O_DIRECTORY | Opening.O_CLOEXEC,
              0);
      return new DirFd((int) Kernel.check(result, Syscall.OPENAT, path.toString()));
    }
  }

  /**
   * @throws LinuxException ELOOP for a symbolic link, ENOTDIR for anything else
   */
  public DirFd openDirectory(Name name) throws LinuxException {
    return new DirFd(Opening.directory(this, name));
  }

  /**
   * As {@link #openDirectory(Name)}, but never enters what is mounted there: another filesystem, or
   * a part of this one by a bind mount.
   *
   * @throws LinuxException EXDEV where something is mounted
   */
  public DirFd openDirectoryOfSameMount(Name name) throws LinuxException {
    return new DirFd(Opening.directoryOfSameMount(this, name));
  }

  /**
   * A directory below this one, or for the empty path this one again.
   *
   * @throws LinuxException ELOOP if any component is a symbolic link, EXDEV if the path leads out
   *     while directories move
   */
  public DirFd openDirectory(RelPath path) throws LinuxException {
    return new DirFd(Opening.directory(this, path.names()));
  }

  /** Opens whatever the name is, to look at it and to set its metadata. */
  public EntryFd openEntry(Name name) throws LinuxException {
    return new EntryFd(Opening.path(this, name));
  }

  /**
   * Opens a regular file, never waiting and without touching what is none.
   *
   * @throws LinuxException ELOOP for a symbolic link, EISDIR for a directory, ENXIO for a FIFO,
   *     socket or device, EAGAIN where another process holds a lease that this would break
   */
  public FileFd openFile(Name name, Access access) throws LinuxException {
    return Opening.regularFile(this, Opening.path(this, name), access, List.of(name));
  }

  /** As {@link #openFile(Name, Access)}, for a path below this directory. */
  public FileFd openFile(RelPath path, Access access) throws LinuxException {
    List<Name> names = path.names();
    return Opening.regularFile(this, Opening.path(this, names), access, names);
  }

  /**
   * Opens a regular file of this filesystem by its handle, whatever its names are.
   *
   * @throws LinuxException ESTALE if there is no such inode any more; else as {@link
   *     #openFile(Name, Access)}
   */
  public FileFd openFile(FileHandle handle, Access access) throws LinuxException {
    return Opening.regularFile(this, Opening.path(this, handle), access, List.of());
  }

  /** Null where this filesystem has no inode with the handle any more. */
  public @Nullable Stat statIfPresent(FileHandle handle) throws LinuxException {
    try {
      return statAndClose(Opening.path(this, handle), List.of());
    } catch (LinuxException failure) {
      if (failure.is(Errno.ESTALE)) {
        return null;
      }
      throw failure;
    }
  }

  public Stat stat(Name name) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      check(statx(scratch, number(), scratch.name(name), AT_SYMLINK_NOFOLLOW), Syscall.STATX, name);
      return Stat.of(scratch.struct());
    }
  }

  /** Of what a link of /proc stands for, which may be of no kind that a {@link Stat} can say. */
  long statxFollowing(Scratch scratch, Name name) {
    return statx(scratch, number(), scratch.name(name), 0);
  }

  /** Null where the name does not exist: cheaper than the exception. */
  public @Nullable Stat statIfPresent(Name name) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result = statx(scratch, number(), scratch.name(name), AT_SYMLINK_NOFOLLOW);
      if (result == -Errno.ENOENT.number()) {
        return null;
      }
      check(result, Syscall.STATX, name);
      return Stat.of(scratch.struct());
    }
  }

  /** Of what a path below this directory stands for; links on the way are refused by ELOOP. */
  public Stat stat(RelPath path) throws LinuxException {
    return statAndClose(Opening.path(this, path.names()), path.names());
  }

  private Stat statAndClose(int descriptor, List<Name> path) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      return statOf(scratch, descriptor, path);
    } finally {
      Kernel.close(descriptor);
    }
  }

  /**
   * @param path of the descriptor from this directory, for messages
   */
  Stat statOf(Scratch scratch, int descriptor, List<Name> path) throws LinuxException {
    checkPath(statx(scratch, descriptor, scratch.empty(), AT_EMPTY_PATH), Syscall.STATX, path);
    return Stat.of(scratch.struct());
  }

  /** Starts at the first name. Close it when done. */
  public Listing list() throws LinuxException {
    if (!listing.compareAndSet(false, true)) {
      // The kernel keeps one place in the directory for each descriptor.
      return new Listing(openDirectory(RelPath.ROOT), true);
    }
    try (Scratch scratch = Scratch.take()) {
      check(Kernel.call(scratch, Syscall.LSEEK, number(), 0, SEEK_SET), Syscall.LSEEK, null);
      return new Listing(this, false);
    } catch (LinuxException | RuntimeException failed) {
      listingEnded();
      throw failed;
    }
  }

  void listingEnded() {
    listing.set(false);
  }

  /**
   * A new, empty file that only its owner can open, until it is given its permissions.
   *
   * @throws LinuxException EEXIST for any existing name, a dangling link too
   */
  public FileFd create(Name name) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      int flags =
          Access.READ_WRITE.flag()
              | Opening.O_CREAT
              | Opening.O_EXCL
              | Opening.O_NOFOLLOW
              | Opening.O_CLOEXEC;
      long result = Kernel.call(scratch, Syscall.OPENAT, number(), scratch.name(name), flags, 0600);
      check(result, Syscall.OPENAT, name);
      return new FileFd((int) result, Access.READ_WRITE, null);
    }
  }

  /** A new, empty file with exactly these permissions, whatever the process's umask. */
  public FileFd create(Name name, int permissions) throws LinuxException {
    return withPermissions(create(name), permissions);
  }

  /**
   * A new file without a name, which is gone when closed unless {@link #linkFrom} gives it one.
   *
   * @throws LinuxException EOPNOTSUPP where the filesystem has no such files
   */
  public FileFd createUnnamed(int permissions) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      scratch.path().set(ValueLayout.JAVA_SHORT, 0, (short) '.');
      int flags = Access.READ_WRITE.flag() | Opening.O_TMPFILE | Opening.O_CLOEXEC;
      long result =
          Kernel.call(scratch, Syscall.OPENAT, number(), scratch.path().address(), flags, 0600);
      check(result, Syscall.OPENAT, null);
      return withPermissions(new FileFd((int) result, Access.READ_WRITE, null), permissions);
    }
  }

  private static FileFd withPermissions(FileFd file, int permissions) throws LinuxException {
    try {
      file.setPermissions(permissions);
      return file;
    } catch (LinuxException | RuntimeException failed) {
      file.close();
      throw failed;
    }
  }

  /** Gives an open file a name in this directory: its first one, or one more. */
  public void linkFrom(FileFd file, Name name) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result =
          Kernel.call(
              scratch,
              Syscall.LINKAT,
              Kernel.AT_FDCWD,
              scratch.descriptorPath(file.number()),
              number(),
              scratch.otherName(name),
              AT_SYMLINK_FOLLOW);
      check(result, Syscall.LINKAT, name);
    }
  }

  /** With exactly these permissions, whatever the process's umask. */
  public void mkdir(Name name, int permissions) throws LinuxException {
    onName(Syscall.MKDIRAT, name, permissions & 0700, 0, 0);
    setPermissions(name, permissions);
  }

  /**
   * With at most mode 0700, and nothing done to the name afterwards: for a directory in which
   * others can put something else under it at any moment.
   */
  public void mkdirPrivate(Name name) throws LinuxException {
    onName(Syscall.MKDIRAT, name, 0700, 0, 0);
  }

  /**
   * A FIFO, socket or device with exactly these permissions.
   *
   * @param major of the device it stands for; as {@code minor}, 0 for a FIFO or socket
   */
  public void mknod(Name name, FileKind kind, int permissions, int major, int minor)
      throws LinuxException {
    long mode = kind.modeBits() | (permissions & 0600);
    onName(Syscall.MKNODAT, name, mode, device(major, minor), 0);
    setPermissions(name, permissions);
  }

  /** The kernel's packing of a device number into 32 bits: 12 bits major, 20 bits minor. */
  private static long device(int major, int minor) throws LinuxException {
    if (major < 0 || major > 0xfff || minor < 0 || minor > 0xfffff) {
      throw new LinuxException(
          Errno.EINVAL, Syscall.MKNODAT.text(), "device " + major + ":" + minor);
    }
    return (minor & 0xff) | (long) major << 8 | (long) (minor & ~0xff) << 12;
  }

  public void symlink(Bytes target, Name name) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long text = scratch.otherPath(target.array(), Syscall.SYMLINKAT);
      check(
          Kernel.call(scratch, Syscall.SYMLINKAT, text, number(), scratch.name(name)),
          Syscall.SYMLINKAT,
          name);
    }
  }

  /**
   * @throws LinuxException EINVAL for anything but a symbolic link
   */
  public Bytes readLink(Name name) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment target = scratch.other();
      long length =
          Kernel.call(
              scratch,
              Syscall.READLINKAT,
              number(),
              scratch.name(name),
              target.address(),
              Scratch.PATH_BYTES);
      check(length, Syscall.READLINKAT, name);
      return Bytes.wrap(scratch.copyOf(target, length));
    }
  }

  /** Replaces what has the new name already; of two names of one inode, does nothing. */
  public void rename(Name name, DirFd newDirectory, Name newName) throws LinuxException {
    rename(name, newDirectory, newName, 0);
  }

  /**
   * @throws LinuxException EEXIST if the new name is taken
   */
  public void renameNoReplace(Name name, DirFd newDirectory, Name newName) throws LinuxException {
    rename(name, newDirectory, newName, RENAME_NOREPLACE);
  }

  /** Swaps what the two names stand for. */
  public void renameExchange(Name name, DirFd newDirectory, Name newName) throws LinuxException {
    rename(name, newDirectory, newName, RENAME_EXCHANGE);
  }

  private void rename(Name name, DirFd newDirectory, Name newName, int flags)
      throws LinuxException {
    onNames(Syscall.RENAMEAT2, name, newDirectory, newName, flags);
  }

  /** One more name for the inode; of a symbolic link, for the link itself. */
  public void link(Name name, DirFd newDirectory, Name newName) throws LinuxException {
    onNames(Syscall.LINKAT, name, newDirectory, newName, 0);
  }

  public void unlink(Name name) throws LinuxException {
    onName(Syscall.UNLINKAT, name, 0, 0, 0);
  }

  public void rmdir(Name name) throws LinuxException {
    onName(Syscall.UNLINKAT, name, AT_REMOVEDIR, 0, 0);
  }

  /**
   * Exactly these permissions.
   *
   * @throws LinuxException EOPNOTSUPP for a symbolic link
   */
  public void setPermissions(Name name, int permissions) throws LinuxException {
    if (lacksFchmodat2) {
      setPermissionsThroughDescriptor(name, permissions);
      return;
    }
    try (Scratch scratch = Scratch.take()) {
      long result =
          Kernel.call(
              scratch,
              Syscall.FCHMODAT2,
              number(),
              scratch.name(name),
              permissions,
              AT_SYMLINK_NOFOLLOW);
      if (result != -Errno.ENOSYS.number()) {
        check(result, Syscall.FCHMODAT2, name);
        return;
      }
      lacksFchmodat2 = true;
    }
    setPermissionsThroughDescriptor(name, permissions);
  }

  void setPermissionsThroughDescriptor(Name name, int permissions) throws LinuxException {
    int descriptor = Opening.path(this, name);
    try (Scratch scratch = Scratch.take()) {
      if (statOf(scratch, descriptor, List.of(name)).kind() == FileKind.SYMBOLIC_LINK) {
        throw failure(Errno.EOPNOTSUPP.number(), Syscall.FCHMODAT, name);
      }
      long result =
          Kernel.call(
              scratch,
              Syscall.FCHMODAT,
              Kernel.AT_FDCWD,
              scratch.descriptorPath(descriptor),
              permissions);
      check(result, Syscall.FCHMODAT, name);
    } finally {
      Kernel.close(descriptor);
    }
  }

  /** Sets both ids, of a symbolic link too. */
  public void setOwner(Name name, int owner, int group) throws LinuxException {
    onName(Syscall.FCHOWNAT, name, owner, group, AT_SYMLINK_NOFOLLOW);
  }

  /** Sets the mtime, of a symbolic link too, and leaves the atime. */
  public void setModified(Name name, Timestamp modified) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result =
          Kernel.call(
              scratch,
              Syscall.UTIMENSAT,
              number(),
              scratch.name(name),
              putTimes(scratch, modified),
              AT_SYMLINK_NOFOLLOW);
      check(result, Syscall.UTIMENSAT, name);
    }
  }

  /** As {@link #attributes()}, of a name. */
  public List<Attribute> attributes(Name name) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      return Attributes.ofName(number(), name).list(scratch, this);
    }
  }

  /**
   * As {@link #setAttribute(Attribute)}, of a name.
   *
   * @throws LinuxException EPERM for {@code user.} attributes of links and special files
   */
  public void setAttribute(Name name, Attribute attribute) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      Attributes.ofName(number(), name).set(scratch, this, attribute);
    }
  }

  /**
   * @return whether there was one
   */
  public boolean removeAttribute(Name name, Bytes attribute) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      return Attributes.ofName(number(), name).remove(scratch, this, attribute);
    }
  }

  /** As {@link #handle()}, of a name; of a symbolic link, the link's own. */
  public FileHandle handle(Name name) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      return handle(scratch, scratch.name(name), 0, name);
    }
  }

  /** A call whose first arguments are this descriptor and a name, and whose others numbers. */
  private void onName(Syscall call, Name name, long c, long d, long e) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      check(Kernel.call(scratch, call, number(), scratch.name(name), c, d, e), call, name);
    }
  }

  private void onNames(Syscall call, Name name, DirFd newDirectory, Name newName, int flags)
      throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long from = scratch.name(name);
      long to = scratch.otherName(newName);
      long result = Kernel.call(scratch, call, number(), from, newDirectory.number(), to, flags);
      if (result < 0) {
        String both = describe(name) + "\" to \"" + newDirectory.describe(newName);
        throw new LinuxException((int) -result, call.text(), both);
      }
    }
  }

  void checkPath(long result, Syscall call, List<Name> path) throws LinuxException {
    if (result < 0) {
      String below = path.isEmpty() ? "" : "/" + RelPath.of(path);
      throw new LinuxException((int) -result, call.text(), describe(null) + below);
    }
  }
}

package org.hotspare.linux;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/**
 * The events of whole filesystems, by directory handle and name. One thread reads; {@link #wake}
 * may come from any. Needs CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH.
 *
 * <p>Events are hints: the kernel merges those of one name that it has queued into one, whose mask
 * tells what happened but not in which order, and drops events when the queue is full.
 */
public final class Fanotify implements AutoCloseable {
  public static final long MODIFY = 0x2;
  public static final long ATTRIB = 0x4;
  public static final long CLOSE_WRITE = 0x8;
  public static final long MOVED_FROM = 0x40;
  public static final long MOVED_TO = 0x80;
  public static final long CREATE = 0x100;
  public static final long DELETE = 0x200;
  public static final long DELETE_SELF = 0x400;
  public static final long OVERFLOW = 0x4000;
  public static final long RENAME = 0x1000_0000;
  public static final long DIRECTORY = 0x4000_0000;

  /** All that can change a tree; a rename is one event with both names. */
  private static final long EVENTS =
      MODIFY | ATTRIB | CLOSE_WRITE | CREATE | DELETE | RENAME | DIRECTORY;

  private static final long EVENTS_BEFORE_RENAME = (EVENTS & ~RENAME) | MOVED_FROM | MOVED_TO;

  private static final int FAN_CLOEXEC = 0x1;
  private static final int FAN_NONBLOCK = 0x2;
  private static final int FAN_UNLIMITED_QUEUE = 0x10;
  private static final int FAN_REPORT_DFID_NAME_FID = 0x200 | 0x400 | 0x800;
  private static final int FAN_REPORT_TARGET_FID = 0x1000;
  private static final int FAN_MARK_ADD = 0x1;
  private static final int FAN_MARK_REMOVE = 0x2;
  private static final int FAN_MARK_FILESYSTEM = 0x100;

  private final EventQueue queue;
  private final long events;

  private Fanotify(EventQueue queue, long events) {
    this.queue = queue;
    this.events = events;
  }

  /**
   * One event. Handles are those of {@link DirFd#handle()} on the filesystem with this id.
   *
   * @param mask what happened, by the constants of {@link Fanotify}
   * @param pid of the process that did it; 0 where the kernel does not say
   * @param fileSystemId as {@link DirFd#fileSystemId()}
   * @param directory of the name; for a rename, the one it left
   * @param name null for an event on the directory itself; for a rename, the old one
   * @param newDirectory for a rename, the one that it entered
   * @param newName for a rename
   * @param target of the inode itself, where the kernel says
   */
  public record Event(
      long mask,
      int pid,
      Bytes fileSystemId,
      @Nullable FileHandle directory,
      @Nullable Name name,
      @Nullable FileHandle newDirectory,
      @Nullable Name newName,
      @Nullable FileHandle target) {
    /** Events were lost: everything may have changed. */
    public boolean isOverflow() {
      return (mask & OVERFLOW) != 0;
    }

    /** Whether the target is a directory. */
    public boolean isDirectory() {
      return (mask & DIRECTORY) != 0;
    }

    public boolean created() {
      return (mask & CREATE) != 0;
    }

    public boolean deleted() {
      return (mask & DELETE) != 0;
    }

    /** Both names are given. */
    public boolean renamed() {
      return (mask & RENAME) != 0;
    }

    public boolean movedFrom() {
      return (mask & MOVED_FROM) != 0;
    }

    public boolean movedTo() {
      return (mask & MOVED_TO) != 0;
    }

    public boolean modified() {
      return (mask & MODIFY) != 0;
    }

    /** Permissions, owner, times, extended attributes or the number of links. */
    public boolean attributesChanged() {
      return (mask & ATTRIB) != 0;
    }

    /** Closed by one who could write. */
    public boolean closedAfterWrite() {
      return (mask & CLOSE_WRITE) != 0;
    }
  }

  /**
   * @param unlimitedQueue without the kernel's limit on waiting events, which then take its memory
   * @throws LinuxException EPERM without the privilege on older kernels; newer ones refuse the mark
   *     only; EINVAL or ENOSYS before Linux 5.9
   */
  public static Fanotify open(boolean unlimitedQueue) throws LinuxException {
    int flags =
        FAN_CLOEXEC
            | FAN_NONBLOCK
            | FAN_REPORT_DFID_NAME_FID
            | (unlimitedQueue ? FAN_UNLIMITED_QUEUE : 0);
    try (Scratch scratch = Scratch.take()) {
      long events = EVENTS;
      long result = init(scratch, flags | FAN_REPORT_TARGET_FID);
      if (result == -Errno.EINVAL.number()) {
        // Linux 5.17 brought both the target's handle and the rename with two names.
        events = EVENTS_BEFORE_RENAME;
        result = init(scratch, flags);
      }
      Kernel.check(result, Syscall.FANOTIFY_INIT, "");
      return new Fanotify(new EventQueue((int) result), events);
    }
  }

  private static long init(Scratch scratch, int flags) {
    return Kernel.call(scratch, Syscall.FANOTIFY_INIT, flags, Opening.O_CLOEXEC);
  }

  /** Whether a rename comes as one event with both names, not as two that may be apart. */
  public boolean pairsRenames() {
    return (events & RENAME) != 0;
  }

  /**
   * Reports the events of the whole filesystem of the directory from now on.
   *
   * @throws LinuxException EPERM without the privilege, EXDEV for a btrfs subvolume, EOPNOTSUPP or
   *     ENODEV for a filesystem without handles or id, ENOSPC for too many marks
   */
  public void markFileSystem(DirFd directory) throws LinuxException {
    mark(FAN_MARK_ADD, directory);
  }

  /**
   * @throws LinuxException ENOENT if it is not marked
   */
  public void unmarkFileSystem(DirFd directory) throws LinuxException {
    mark(FAN_MARK_REMOVE, directory);
  }

  private void mark(int change, DirFd directory) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result =
          Kernel.call(
              scratch,
              Syscall.FANOTIFY_MARK,
              queue.descriptor(),
              change | FAN_MARK_FILESYSTEM,
              events,
              directory.number(),
              0);
      directory.check(result, Syscall.FANOTIFY_MARK, null);
    }
  }

  /**
   * The events that wait, in the order in which the first of each was queued; none when the time is
   * up or another thread called {@link #wake}.
   */
  public List<Event> read(Duration timeout) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      ByteBuffer events = queue.read(scratch, timeout, "fanotify");
      return FanotifyFormat.parse(events);
    }
  }

  /** Ends the read that waits, or else the next one. */
  public void wake() {
    queue.wake();
  }

  /** For the thread that reads. */
  @Override
  public void close() {
    queue.close();
  }
}

package org.hotspare.linux;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/**
 * The events of single directories, each watched by itself. One thread reads; watches may be added
 * and removed, and {@link #wake} called, by any.
 */
public final class Inotify implements AutoCloseable {
  public static final int MODIFY = 0x2;
  public static final int ATTRIB = 0x4;
  public static final int CLOSE_WRITE = 0x8;
  public static final int MOVED_FROM = 0x40;
  public static final int MOVED_TO = 0x80;
  public static final int CREATE = 0x100;
  public static final int DELETE = 0x200;
  public static final int DELETE_SELF = 0x400;
  public static final int MOVE_SELF = 0x800;
  public static final int UNMOUNT = 0x2000;
  public static final int OVERFLOW = 0x4000;
  public static final int IGNORED = 0x8000;
  public static final int DIRECTORY = 0x4000_0000;

  private static final int EVENTS =
      MODIFY
          | ATTRIB
          | CLOSE_WRITE
          | MOVED_FROM
          | MOVED_TO
          | CREATE
          | DELETE
          | DELETE_SELF
          | MOVE_SELF;

  private static final int IN_ONLYDIR = 0x0100_0000;
  private static final int HEADER_BYTES = 16;

  private final EventQueue queue;

  private Inotify(EventQueue queue) {
    this.queue = queue;
  }

  /**
   * One event.
   *
   * @param wd the watch, as {@link #add} returned it; -1 for an overflow
   * @param mask what happened, by the constants of {@link Inotify}
   * @param cookie the same number for both halves of a rename; else 0
   * @param name null for an event on the directory itself
   */
  public record Event(int wd, int mask, int cookie, @Nullable Name name) {
    /** Events were lost: everything may have changed. */
    public boolean isOverflow() {
      return (mask & OVERFLOW) != 0;
    }

    public boolean isDirectory() {
      return (mask & DIRECTORY) != 0;
    }

    /** The watch is gone, and its number may be given again. */
    public boolean isIgnored() {
      return (mask & IGNORED) != 0;
    }

    public boolean created() {
      return (mask & CREATE) != 0;
    }

    public boolean deleted() {
      return (mask & DELETE) != 0;
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

    public boolean attributesChanged() {
      return (mask & ATTRIB) != 0;
    }

    public boolean closedAfterWrite() {
      return (mask & CLOSE_WRITE) != 0;
    }
  }

  /**
   * @throws LinuxException EMFILE at the user's limit of instances
   */
  public static Inotify open() throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result =
          Kernel.call(scratch, Syscall.INOTIFY_INIT1, Opening.O_NONBLOCK | Opening.O_CLOEXEC);
      Kernel.check(result, Syscall.INOTIFY_INIT1, "");
      return new Inotify(new EventQueue((int) result));
    }
  }

  /**
   * Watches the directory itself, wherever it is moved. Children that were made before are not
   * reported: list it afterwards.
   *
   * @return the watch; the same one again for a directory that is already watched
   * @throws LinuxException ENOSPC at {@code fs.inotify.max_user_watches}
   */
  public int add(DirFd directory) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result =
          Kernel.call(
              scratch,
              Syscall.INOTIFY_ADD_WATCH,
              queue.descriptor(),
              scratch.descriptorPath(directory.number()),
              EVENTS | IN_ONLYDIR);
      directory.check(result, Syscall.INOTIFY_ADD_WATCH, null);
      return (int) result;
    }
  }

  /**
   * Ends a watch; an {@link Event#isIgnored} event follows.
   *
   * @return false if there was none: the kernel ends a watch itself when the directory is deleted
   */
  public boolean remove(int wd) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result = Kernel.call(scratch, Syscall.INOTIFY_RM_WATCH, queue.descriptor(), wd);
      if (result == -Errno.EINVAL.number()) {
        return false;
      }
      Kernel.check(result, Syscall.INOTIFY_RM_WATCH, "");
      return true;
    }
  }

  /** The events that wait, in order; none when the time is up or after {@link #wake}. */
  public List<Event> read(Duration timeout) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      return parse(queue.read(scratch, timeout, "inotify"));
    }
  }

  /**
   * @throws LinuxException EUCLEAN for what is no list of events
   */
  static List<Event> parse(ByteBuffer buffer) throws LinuxException {
    List<Event> events = new ArrayList<>();
    while (buffer.hasRemaining()) {
      require(buffer.remaining() >= HEADER_BYTES, "header");
      int wd = buffer.getInt();
      int mask = buffer.getInt();
      int cookie = buffer.getInt();
      int length = buffer.getInt();
      require(length >= 0 && length <= buffer.remaining(), "name length");
      byte[] padded = new byte[length];
      buffer.get(padded);
      events.add(new Event(wd, mask, cookie, name(padded)));
    }
    return events;
  }

  private static @Nullable Name name(byte[] padded) throws LinuxException {
    int end = 0;
    while (end < padded.length && padded[end] != 0) {
      end++;
    }
    if (end == 0) {
      return null;
    }
    byte[] name = Arrays.copyOf(padded, end);
    require(Name.isValid(name), "name");
    return new Name(Bytes.wrap(name));
  }

  private static void require(boolean condition, String what) throws LinuxException {
    if (!condition) {
      throw new LinuxException(Errno.EUCLEAN, Syscall.READ.text(), "inotify: " + what);
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

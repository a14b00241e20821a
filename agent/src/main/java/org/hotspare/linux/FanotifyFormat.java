package org.hotspare.linux;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/**
 * Reads fanotify's events: each a header and, after it, records of what the event is about. Every
 * length is checked against what is there.
 */
final class FanotifyFormat {
  private static final int VERSION = 3;
  private static final int HEADER_BYTES = 24;
  private static final int RECORD_HEADER_BYTES = 4;
  private static final int FILE_SYSTEM_ID_BYTES = 8;
  private static final int HANDLE_HEADER_BYTES = 8;

  private static final int FID = 1;
  private static final int DFID_NAME = 2;
  private static final int DFID = 3;
  private static final int OLD_DFID_NAME = 10;
  private static final int NEW_DFID_NAME = 12;

  private final ByteBuffer buffer;
  private Bytes fileSystemId = Bytes.EMPTY;
  private @Nullable FileHandle directory;
  private @Nullable Name name;
  private @Nullable FileHandle newDirectory;
  private @Nullable Name newName;
  private @Nullable FileHandle target;

  private FanotifyFormat(ByteBuffer buffer) {
    this.buffer = buffer;
  }

  /**
   * @param buffer from its position to its limit, in the byte order of the machine
   * @throws LinuxException EUCLEAN for what is no list of events
   */
  static List<Fanotify.Event> parse(ByteBuffer buffer) throws LinuxException {
    List<Fanotify.Event> events = new ArrayList<>();
    while (buffer.hasRemaining()) {
      require(buffer.remaining() >= HEADER_BYTES, "header");
      int length = buffer.getInt(buffer.position());
      require(length >= HEADER_BYTES && length <= buffer.remaining(), "event length");
      events.add(
          new FanotifyFormat(buffer.slice(buffer.position(), length).order(buffer.order()))
              .event());
      buffer.position(buffer.position() + length);
    }
    return events;
  }

  private Fanotify.Event event() throws LinuxException {
    require(buffer.get(4) == VERSION, "version");
    int at = buffer.getShort(6) & 0xffff;
    require(at >= HEADER_BYTES && at <= buffer.limit(), "header length");
    while (at < buffer.limit()) {
      require(buffer.limit() - at >= RECORD_HEADER_BYTES, "record header");
      int length = buffer.getShort(at + 2) & 0xffff;
      require(length >= RECORD_HEADER_BYTES && length <= buffer.limit() - at, "record length");
      record(buffer.get(at), at + RECORD_HEADER_BYTES, at + length);
      at += length;
    }
    return new Fanotify.Event(
        buffer.getLong(8),
        buffer.getInt(20),
        fileSystemId,
        directory,
        name,
        newDirectory,
        newName,
        target);
  }

  private void record(int type, int start, int end) throws LinuxException {
    switch (type) {
      case FID -> target = handle(start, end);
      case DFID -> directory = handle(start, end);
      case DFID_NAME, OLD_DFID_NAME -> {
        directory = handle(start, end);
        name = name(start, end);
      }
      case NEW_DFID_NAME -> {
        newDirectory = handle(start, end);
        newName = name(start, end);
      }
      default -> {
        // Newer kernels may say more than was asked for.
      }
    }
  }

  private @Nullable FileHandle handle(int start, int end) throws LinuxException {
    require(end - start >= FILE_SYSTEM_ID_BYTES + HANDLE_HEADER_BYTES, "handle");
    fileSystemId = bytes(start, FILE_SYSTEM_ID_BYTES);
    int length = handleLength(start, end);
    int type = buffer.getInt(start + FILE_SYSTEM_ID_BYTES + 4);
    // The kernel sends an empty handle where it has none, for one of an overflow.
    return length == 0
        ? null
        : new FileHandle(type, bytes(start + FILE_SYSTEM_ID_BYTES + HANDLE_HEADER_BYTES, length));
  }

  private int handleLength(int start, int end) throws LinuxException {
    int length = buffer.getInt(start + FILE_SYSTEM_ID_BYTES);
    int room = end - start - FILE_SYSTEM_ID_BYTES - HANDLE_HEADER_BYTES;
    require(length >= 0 && length <= room && length <= FileHandle.MAX_BYTES, "handle length");
    return length;
  }

  /** After the handle, ended by NUL; null for {@code .}, the directory itself. */
  private @Nullable Name name(int start, int end) throws LinuxException {
    int first = start + FILE_SYSTEM_ID_BYTES + HANDLE_HEADER_BYTES + handleLength(start, end);
    int last = first;
    while (last < end && buffer.get(last) != 0) {
      last++;
    }
    require(last < end, "end of name");
    Bytes bytes = bytes(first, last - first);
    if (bytes.length() == 0 || (bytes.length() == 1 && bytes.at(0) == '.')) {
      return null;
    }
    require(Name.isValid(bytes.array()), "name");
    return new Name(bytes);
  }

  private Bytes bytes(int start, int length) {
    byte[] bytes = new byte[length];
    buffer.get(start, bytes);
    return Bytes.wrap(bytes);
  }

  private static void require(boolean condition, String what) throws LinuxException {
    if (!condition) {
      throw new LinuxException(Errno.EUCLEAN, Syscall.READ.text(), "fanotify: " + what);
    }
  }
}

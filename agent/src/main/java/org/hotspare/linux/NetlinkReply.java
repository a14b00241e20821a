package org.hotspare.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * One message from the kernel. Every length is checked against what is there.
 *
 * @param payload what follows the header, in the byte order of the machine
 */
record NetlinkReply(int type, int flags, int sequence, ByteBuffer payload) {
  private static final int ERROR = 2;
  private static final int DONE = 3;
  private static final int INTERRUPTED = 0x10;
  private static final int TYPE_MASK = 0x3fff;

  /**
   * @param datagram what was received, from position to limit; of several messages the first
   * @throws LinuxException EUCLEAN for what is no message
   */
  static NetlinkReply parse(ByteBuffer datagram) throws LinuxException {
    int start = datagram.position();
    require(datagram.remaining() >= NetlinkWriter.HEADER_BYTES, "header");
    int length = datagram.getInt(start);
    require(length >= NetlinkWriter.HEADER_BYTES && length <= datagram.remaining(), "length");
    int type = datagram.getShort(start + 4) & 0xffff;
    int flags = datagram.getShort(start + 6) & 0xffff;
    int sequence = datagram.getInt(start + 8);
    ByteBuffer payload =
        datagram
            .slice(start + NetlinkWriter.HEADER_BYTES, length - NetlinkWriter.HEADER_BYTES)
            .order(datagram.order());
    require(type != ERROR || payload.remaining() >= Integer.BYTES, "error");
    return new NetlinkReply(type, flags, sequence, payload);
  }

  /**
   * All messages of a datagram, of which there may be none.
   *
   * @throws LinuxException as {@link #parse}
   */
  static List<NetlinkReply> parseAll(ByteBuffer datagram) throws LinuxException {
    List<NetlinkReply> all = new ArrayList<>();
    int at = datagram.position();
    while (at < datagram.limit()) {
      NetlinkReply reply = parse(datagram.duplicate().order(datagram.order()).position(at));
      all.add(reply);
      at += (NetlinkWriter.HEADER_BYTES + reply.payload.limit() + 3) & ~3;
    }
    return all;
  }

  /** Whether it ends a list of messages. */
  boolean isDone() {
    return type == DONE;
  }

  /** Whether it only says how a request ended. */
  boolean isOutcome() {
    return type == ERROR;
  }

  /** Whether what is listed changed meanwhile, so that the list may lack what always was there. */
  boolean isInterrupted() {
    return (flags & INTERRUPTED) != 0;
  }

  /**
   * The kernel's positive error number; 0 for an acknowledgement, and what is no end of anything.
   */
  int error() {
    boolean tells = isOutcome() || (isDone() && payload.limit() >= Integer.BYTES);
    return tells ? -payload.getInt(0) : 0;
  }

  /**
   * A big-endian number among its attributes; empty if there is none of that type.
   *
   * @param fixedBytes what stands before the attributes
   */
  OptionalInt integer(int fixedBytes, int type) throws LinuxException {
    Optional<ByteBuffer> value = number(fixedBytes, type, Integer.BYTES);
    return value.isEmpty() ? OptionalInt.empty() : OptionalInt.of(value.get().getInt(0));
  }

  /** A longer number, as {@link #integer}. */
  OptionalLong longInteger(int fixedBytes, int type) throws LinuxException {
    Optional<ByteBuffer> value = number(fixedBytes, type, Long.BYTES);
    return value.isEmpty() ? OptionalLong.empty() : OptionalLong.of(value.get().getLong(0));
  }

  private Optional<ByteBuffer> number(int fixedBytes, int type, int bytes) throws LinuxException {
    Optional<ByteBuffer> value = attribute(fixedBytes, type);
    require(value.isEmpty() || value.get().limit() == bytes, "number");
    return value.map(its -> its.order(ByteOrder.BIG_ENDIAN));
  }

  /**
   * What is in one of its attributes, in the byte order of the machine; empty if there is none of
   * that type.
   *
   * @param fixedBytes what stands before the attributes
   */
  Optional<ByteBuffer> attribute(int fixedBytes, int type) throws LinuxException {
    int at = fixedBytes;
    while (at < payload.limit()) {
      require(payload.limit() - at >= NetlinkWriter.ATTRIBUTE_HEADER_BYTES, "attribute");
      int length = payload.getShort(at) & 0xffff;
      boolean fits =
          length >= NetlinkWriter.ATTRIBUTE_HEADER_BYTES && length <= payload.limit() - at;
      require(fits, "attribute length");
      if ((payload.getShort(at + 2) & TYPE_MASK) == type) {
        int header = NetlinkWriter.ATTRIBUTE_HEADER_BYTES;
        return Optional.of(payload.slice(at + header, length - header).order(payload.order()));
      }
      at += (length + 3) & ~3;
    }
    return Optional.empty();
  }

  private static void require(boolean condition, String what) throws LinuxException {
    if (!condition) {
      throw new LinuxException(Errno.EUCLEAN, Syscall.RECVFROM.text(), "netlink: " + what);
    }
  }
}

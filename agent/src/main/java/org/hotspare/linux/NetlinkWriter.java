package org.hotspare.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Builds netlink messages, one after the other: each is a header, a fixed part and attributes,
 * which may hold attributes themselves. All of it is aligned to four bytes. Headers are in the byte
 * order of the machine; numbers in attributes are big-endian here, as netfilter has them.
 */
final class NetlinkWriter {
  /** Flags of a message. */
  static final int REQUEST = 0x1;

  static final int ACKNOWLEDGE = 0x4;
  static final int REPLACE = 0x100;
  static final int EXCLUSIVE = 0x200;
  static final int CREATE = 0x400;
  static final int APPEND = 0x800;

  /** Of a question: all there are. */
  static final int DUMP = 0x300;

  static final int HEADER_BYTES = 16;
  static final int ATTRIBUTE_HEADER_BYTES = 4;
  private static final int FLAGS_OFFSET = 6;
  private static final int NESTED = 0x8000;
  private static final int MAX_ATTRIBUTE_BYTES = 0xffff;

  /** What a usual message or batch needs; it grows. */
  private static final int FIRST_BYTES = 1024;

  private final int maxBytes;
  private ByteBuffer buffer = allocate(FIRST_BYTES);
  private int message;

  /**
   * @param maxBytes of all messages together
   */
  NetlinkWriter(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  private static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
  }

  /**
   * Begins a message, which lasts until the next one or {@link #finish}.
   *
   * @param fixed what stands between header and attributes
   * @throws IllegalArgumentException where more is written than there is room for, as in all that
   *     follow
   */
  void message(int type, int flags, int sequence, byte[] fixed) {
    endMessage();
    message = buffer.position();
    room(HEADER_BYTES + fixed.length);
    buffer.putInt(0);
    buffer.putShort((short) type);
    buffer.putShort((short) (flags | REQUEST));
    buffer.putInt(sequence);
    buffer.putInt(0);
    buffer.put(fixed);
    pad();
  }

  /** Adds flags to the message that was begun last. */
  void flag(int flags) {
    int at = message + FLAGS_OFFSET;
    buffer.putShort(at, (short) (buffer.getShort(at) | flags));
  }

  void bytes(int type, byte[] value) {
    int start = attribute(type, value.length);
    buffer.put(value);
    end(start);
  }

  /** Ended by NUL, as the kernel wants names. */
  void string(int type, String value) {
    byte[] text = value.getBytes(StandardCharsets.US_ASCII);
    int start = attribute(type, text.length + 1);
    buffer.put(text).put((byte) 0);
    end(start);
  }

  void integer(int type, int value) {
    int start = attribute(type, Integer.BYTES);
    buffer.order(ByteOrder.BIG_ENDIAN).putInt(value).order(ByteOrder.nativeOrder());
    end(start);
  }

  void longInteger(int type, long value) {
    int start = attribute(type, Long.BYTES);
    buffer.order(ByteOrder.BIG_ENDIAN).putLong(value).order(ByteOrder.nativeOrder());
    end(start);
  }

  /** An attribute that holds those which {@code content} writes. */
  void nested(int type, Runnable content) {
    int start = attribute(type | NESTED, 0);
    content.run();
    end(start);
  }

  private int attribute(int type, int length) {
    room(ATTRIBUTE_HEADER_BYTES + length);
    int start = buffer.position();
    buffer.putShort((short) 0);
    buffer.putShort((short) type);
    return start;
  }

  private void end(int start) {
    int length = buffer.position() - start;
    if (length > MAX_ATTRIBUTE_BYTES) {
      throw new IllegalArgumentException("an attribute of " + length + " bytes");
    }
    buffer.putShort(start, (short) length);
    pad();
  }

  private void endMessage() {
    if (buffer.position() > message) {
      buffer.putInt(message, buffer.position() - message);
    }
  }

  private void pad() {
    while (buffer.position() % 4 != 0) {
      buffer.put((byte) 0);
    }
  }

  private void room(int bytes) {
    // With what aligns the next.
    int needed = buffer.position() + bytes + Integer.BYTES;
    if (needed > maxBytes) {
      throw new IllegalArgumentException("more than " + maxBytes + " bytes of messages");
    }
    if (needed > buffer.capacity()) {
      ByteBuffer larger = allocate(Math.min(maxBytes, Math.max(needed, 2 * buffer.capacity())));
      buffer = larger.put(buffer.flip());
    }
  }

  /** All messages, from position to limit. Nothing is written afterwards. */
  ByteBuffer finish() {
    endMessage();
    return buffer.asReadOnlyBuffer().order(ByteOrder.nativeOrder()).flip();
  }
}

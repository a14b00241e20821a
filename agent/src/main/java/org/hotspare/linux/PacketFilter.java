package org.hotspare.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.hotspare.tree.Bytes;

/**
 * Which frames a {@link PacketSocket} sees: those in which all fields of any of these alternatives
 * are as wanted. The kernel judges, by a classic BPF program, so that no thread is woken for the
 * others.
 */
public record PacketFilter(List<List<Field>> alternatives) {
  private static final short LOAD_WORD = 0x20;
  private static final short LOAD_HALF = 0x28;
  private static final short LOAD_BYTE = 0x30;
  private static final short JUMP_IF_EQUAL = 0x15;
  private static final short RETURN = 0x06;
  private static final int INSTRUCTION_BYTES = 8;

  /** The kernel's limit for a program. */
  private static final int MAX_INSTRUCTIONS = 4096;

  /** The kernel's limit for how far a condition jumps. */
  private static final int MAX_JUMP = 255;

  /**
   * A place in a frame and what has to be there.
   *
   * @param offset in bytes from the frame's Ethernet header on
   */
  public record Field(int offset, Bytes value) {}

  public PacketFilter {
    alternatives = alternatives.stream().map(List::copyOf).toList();
  }

  /**
   * The program, in the kernel's format.
   *
   * @param maxBytes of each frame that passes
   * @throws IllegalArgumentException if it is too long
   */
  ByteBuffer program(int maxBytes) {
    ByteBuffer program =
        ByteBuffer.allocate(MAX_INSTRUCTIONS * INSTRUCTION_BYTES).order(ByteOrder.nativeOrder());
    for (List<Field> alternative : alternatives) {
      write(program, alternative, maxBytes);
    }
    add(program, RETURN, 0, 0);
    return program.flip();
  }

  private static void write(ByteBuffer program, List<Field> fields, int maxBytes) {
    // Two instructions for each piece, and the one that lets the frame pass.
    int left = 2 * fields.stream().mapToInt(field -> pieces(field.value().length())).sum();
    for (Field field : fields) {
      ByteBuffer value = ByteBuffer.wrap(field.value().array());
      while (value.hasRemaining()) {
        int at = field.offset() + value.position();
        left -= 2;
        switch (piece(value.remaining())) {
          case Integer.BYTES -> compare(program, LOAD_WORD, at, value.getInt(), left + 1);
          case Short.BYTES -> compare(program, LOAD_HALF, at, value.getShort() & 0xffff, left + 1);
          default -> compare(program, LOAD_BYTE, at, value.get() & 0xff, left + 1);
        }
      }
    }
    add(program, RETURN, 0, maxBytes);
  }

  private static int pieces(int bytes) {
    return bytes / Integer.BYTES + Integer.bitCount(bytes % Integer.BYTES);
  }

  private static int piece(int bytes) {
    return Math.min(Integer.BYTES, Integer.highestOneBit(bytes));
  }

  private static void compare(ByteBuffer program, short load, int at, int value, int otherwise) {
    if (otherwise > MAX_JUMP) {
      throw new IllegalArgumentException("a filter of too many fields");
    }
    add(program, load, 0, at);
    add(program, JUMP_IF_EQUAL, otherwise, value);
  }

  private static void add(ByteBuffer program, short code, int otherwise, int value) {
    if (program.remaining() < INSTRUCTION_BYTES) {
      throw new IllegalArgumentException("a filter of too many alternatives");
    }
    program.putShort(code).put((byte) 0).put((byte) otherwise).putInt(value);
  }

  static int instructions(ByteBuffer program) {
    return program.remaining() / INSTRUCTION_BYTES;
  }
}

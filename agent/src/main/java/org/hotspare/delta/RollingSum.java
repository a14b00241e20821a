package org.hotspare.delta;

/**
 * A weak 32-bit sum of a window of bytes that moves on by one byte in constant time: the bytes are
 * the coefficients of a polynomial, taken at a fixed odd point modulo 2<sup>32</sup> (Karp and
 * Rabin). It only says where a strong sum is worth computing: whoever writes the bytes can make
 * collisions.
 */
public final class RollingSum {
  private static final int M1 = 0x08104225;
  private static final int M2 = power(2);
  private static final int M3 = power(3);
  private static final int M4 = power(4);
  private static final int M5 = power(5);
  private static final int M6 = power(6);
  private static final int M7 = power(7);
  private static final int M8 = power(8);

  /** What the byte that leaves the window was multiplied with. */
  private final int leaving;

  /** For windows of {@code window} bytes. */
  public RollingSum(int window) {
    this.leaving = power(window);
  }

  /** The sum of a window moved on by one byte. */
  public int roll(int sum, byte out, byte in) {
    return sum * M1 + in - out * leaving;
  }

  /** The sum of a range. */
  public static int of(byte[] bytes, int from, int length) {
    return append(0, bytes, from, length);
  }

  /** The sum of what {@code sum} stands for, followed by a range. */
  public static int append(int sum, byte[] bytes, int from, int length) {
    int result = sum;
    int at = from;
    int end = from + length;
    // Eight independent products a step: the plain loop would wait for each multiplication.
    for (; at + 8 <= end; at += 8) {
      result =
          result * M8
              + bytes[at] * M7
              + bytes[at + 1] * M6
              + bytes[at + 2] * M5
              + bytes[at + 3] * M4
              + bytes[at + 4] * M3
              + bytes[at + 5] * M2
              + bytes[at + 6] * M1
              + bytes[at + 7];
    }
    for (; at < end; at++) {
      result = result * M1 + bytes[at];
    }
    return result;
  }

  /** The sum of what {@code sum} stands for, followed by zeros. */
  static int appendZeros(int sum, long zeros) {
    return sum * power(zeros);
  }

  private static int power(long exponent) {
    int result = 1;
    int square = M1;
    for (long rest = exponent; rest > 0; rest >>= 1) {
      if ((rest & 1) == 1) {
        result *= square;
      }
      square *= square;
    }
    return result;
  }
}

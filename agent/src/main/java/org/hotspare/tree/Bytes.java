package org.hotspare.tree;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * An immutable string of bytes: file names, link targets, attribute values and file handles are
 * bytes to the kernel, and often are no text.
 */
public final class Bytes implements Comparable<Bytes> {
  public static final Bytes EMPTY = new Bytes(new byte[0]);

  private final byte[] value;

  private Bytes(byte[] value) {
    this.value = value;
  }

  /** A copy of {@code value}. */
  public static Bytes of(byte[] value) {
    return value.length == 0 ? EMPTY : new Bytes(value.clone());
  }

  /** The text in UTF-8. */
  public static Bytes of(String text) {
    return wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Takes {@code value} without copying: the caller must not change it afterwards. */
  public static Bytes wrap(byte[] value) {
    return value.length == 0 ? EMPTY : new Bytes(value);
  }

  public int length() {
    return value.length;
  }

  public byte at(int index) {
    return value[index];
  }

  /** A copy that the caller may change. */
  public byte[] toArray() {
    return value.clone();
  }

  /** The array itself, for calls that only read it. Changing it is a bug. */
  public byte[] array() {
    return value;
  }

  public String hex() {
    return HexFormat.of().formatHex(value);
  }

  /** Unsigned, byte by byte: the order in which SQLite and {@code LC_ALL=C sort} put them. */
  @Override
  public int compareTo(Bytes other) {
    return Arrays.compareUnsigned(value, other.value);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes bytes && Arrays.equals(value, bytes.value);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(value);
  }

  /**
   * For people: text where the bytes are printable UTF-8, {@code \xNN} for every byte that is not,
   * so that no file name can smuggle control characters into a terminal or a log.
   */
  @Override
  public String toString() {
    return Printable.of(value);
  }
}

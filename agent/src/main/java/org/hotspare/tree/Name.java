package org.hotspare.tree;

/**
 * One component of a path, as the kernel knows it: 1 to 255 bytes, none of them NUL or {@code /},
 * and neither {@code .} nor {@code ..}. A value of this type can be handed to a system call
 * relative to a directory without leaving that directory.
 */
public record Name(Bytes bytes) implements Comparable<Name> {
  public static final int MAX_BYTES = 255;

  /**
   * @throws IllegalArgumentException if the bytes are no name of a directory entry
   */
  public Name {
    if (!isValid(bytes.array())) {
      throw new IllegalArgumentException("not a file name: \"" + bytes + "\"");
    }
  }

  public static Name of(byte[] bytes) {
    return new Name(Bytes.of(bytes));
  }

  public static Name of(String text) {
    return new Name(Bytes.of(text));
  }

  public static boolean isValid(byte[] bytes) {
    if (bytes.length == 0 || bytes.length > MAX_BYTES) {
      return false;
    }
    for (byte value : bytes) {
      if (value == 0 || value == '/') {
        return false;
      }
    }
    return !(bytes[0] == '.' && (bytes.length == 1 || (bytes.length == 2 && bytes[1] == '.')));
  }

  @Override
  public int compareTo(Name other) {
    return bytes.compareTo(other.bytes);
  }

  @Override
  public String toString() {
    return bytes.toString();
  }
}

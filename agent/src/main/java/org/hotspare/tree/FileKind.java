package org.hotspare.tree;

import java.util.Locale;

/**
 * What an inode is. The code is its four-bit type in {@code st_mode} and {@code d_type}: the
 * kernel's own numbers.
 */
public enum FileKind {
  FIFO(1),
  CHARACTER_DEVICE(2),
  DIRECTORY(4),
  BLOCK_DEVICE(6),
  REGULAR_FILE(8),
  SYMBOLIC_LINK(10),
  SOCKET(12);

  private final int code;

  FileKind(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }

  /** In words for people, such as {@code regular file}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** The type bits of {@code st_mode}. */
  public int modeBits() {
    return code << 12;
  }

  /**
   * @throws IllegalArgumentException if no kind has the code
   */
  public static FileKind ofCode(int code) {
    for (FileKind kind : values()) {
      if (kind.code == code) {
        return kind;
      }
    }
    throw new IllegalArgumentException("not a kind of file: " + code);
  }

  /** The kind in the type bits of {@code st_mode}. */
  public static FileKind ofMode(int mode) {
    return ofCode(mode >> 12 & 0xf);
  }
}

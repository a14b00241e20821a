package org.hotspare.linux;

import org.hotspare.tree.Bytes;

/**
 * The kernel's own name of an inode within its filesystem, as {@code name_to_handle_at} and
 * fanotify give it: the same from both, and never again for another inode.
 *
 * @param type the filesystem's kind of handle
 * @param bytes opaque, at most {@value #MAX_BYTES} bytes
 */
public record FileHandle(int type, Bytes bytes) {
  public static final int MAX_BYTES = 128;

  public FileHandle {
    if (bytes.length() > MAX_BYTES) {
      throw new IllegalArgumentException("not a file handle: " + bytes.length() + " bytes");
    }
  }

  @Override
  public String toString() {
    return type + ":" + bytes.hex();
  }
}

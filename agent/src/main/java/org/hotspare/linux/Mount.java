package org.hotspare.linux;

import org.hotspare.tree.Bytes;

/**
 * One mount, as this process sees it.
 *
 * @param id as {@link Stat#mountId()}
 * @param parentId the mount that it lies on
 * @param device as {@link Stat#device()}, but for btrfs, whose subvolumes have devices of their own
 * @param root the part of the filesystem that is mounted: {@code /}, the source of a bind mount, or
 *     a btrfs subvolume
 * @param point where it is mounted
 * @param type the filesystem's name, such as {@code ext4}
 * @param source such as the path of a device
 * @param readOnly whether this mount is, if not the filesystem
 */
public record Mount(
    long id,
    long parentId,
    long device,
    Bytes root,
    Bytes point,
    String type,
    Bytes source,
    boolean readOnly) {

  /** Whether it is mounted on the path or on something below it. */
  public boolean isAtOrBelow(Bytes path) {
    byte[] outer = path.array();
    int length = outer.length;
    if (length > 0 && outer[length - 1] == '/') {
      length--;
    }
    byte[] inner = point.array();
    if (inner.length < length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (inner[i] != outer[i]) {
        return false;
      }
    }
    return inner.length == length || inner[length] == '/';
  }
}

package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Timestamp;
import org.jspecify.annotations.Nullable;

/**
 * What the kernel says of an inode at one moment.
 *
 * @param permissions the twelve low bits of the mode
 * @param size in bytes
 * @param blocks allocated, in units of 512 bytes whatever the filesystem's own
 * @param device the filesystem's device: major number in the high 32 bits, minor in the low
 * @param rdevMajor of the device that a device file stands for
 * @param links names of the inode
 * @param modified mtime
 * @param changed ctime
 * @param born birth time; null where the filesystem keeps none
 * @param mountId the id in {@code /proc/self/mountinfo}; 0 before Linux 5.8
 * @param isMountRoot whether it is the root of a mount
 */
public record Stat(
    FileKind kind,
    int permissions,
    int owner,
    int group,
    long size,
    long blocks,
    long inode,
    long device,
    int rdevMajor,
    int rdevMinor,
    long links,
    Timestamp modified,
    Timestamp changed,
    @Nullable Timestamp born,
    long mountId,
    boolean isMountRoot) {
  /** STATX_BASIC_STATS, STATX_BTIME and STATX_MNT_ID. */
  static final int MASK = 0x7ff | 0x800 | 0x1000;

  private static final int MASK_BORN = 0x800;
  private static final int MASK_MOUNT_ID = 0x1000;
  private static final long ATTRIBUTE_MOUNT_ROOT = 0x2000;

  /** Both numbers in one, as {@link #device}. */
  public static long device(int major, int minor) {
    return (long) major << 32 | (minor & 0xffff_ffffL);
  }

  public int deviceMajor() {
    return (int) (device >>> 32);
  }

  public int deviceMinor() {
    return (int) device;
  }

  /** Whether both are the same inode of the same filesystem, at any two moments. */
  public boolean isSameInode(Stat other) {
    return inode == other.inode && device == other.device;
  }

  /** From a {@code struct statx}. */
  static Stat of(MemorySegment statx) {
    int mask = statx.get(ValueLayout.JAVA_INT, 0);
    int mode = statx.get(ValueLayout.JAVA_SHORT, 28) & 0xffff;
    return new Stat(
        FileKind.ofMode(mode),
        mode & 07777,
        statx.get(ValueLayout.JAVA_INT, 20),
        statx.get(ValueLayout.JAVA_INT, 24),
        statx.get(ValueLayout.JAVA_LONG, 40),
        statx.get(ValueLayout.JAVA_LONG, 48),
        inodeOf(statx),
        deviceOf(statx),
        statx.get(ValueLayout.JAVA_INT, 128),
        statx.get(ValueLayout.JAVA_INT, 132),
        statx.get(ValueLayout.JAVA_INT, 16) & 0xffff_ffffL,
        time(statx, 112),
        time(statx, 96),
        (mask & MASK_BORN) != 0 ? time(statx, 80) : null,
        (mask & MASK_MOUNT_ID) != 0 ? statx.get(ValueLayout.JAVA_LONG, 144) : 0,
        (statx.get(ValueLayout.JAVA_LONG, 8) & ATTRIBUTE_MOUNT_ROOT) != 0);
  }

  static long inodeOf(MemorySegment statx) {
    return statx.get(ValueLayout.JAVA_LONG, 32);
  }

  static long deviceOf(MemorySegment statx) {
    return device(statx.get(ValueLayout.JAVA_INT, 136), statx.get(ValueLayout.JAVA_INT, 140));
  }

  private static Timestamp time(MemorySegment statx, int at) {
    return new Timestamp(
        statx.get(ValueLayout.JAVA_LONG, at), statx.get(ValueLayout.JAVA_INT, at + 8L));
  }
}

package org.hotspare.linux;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/**
 * The UUID that a filesystem was given when it was made: the same after a reboot, unlike its device
 * number, though a copy of the disk has it too.
 */
public final class FileSystemUuid {
  private static final int FS_IOC_GETFSUUID = 0x80111500;
  private static final int EXT4_IOC_GETFSUUID = 0x8008662c;
  private static final int BTRFS_IOC_FS_INFO = 0x8400941f;
  private static final int UUID_BYTES = 16;
  private static final Path BY_UUID = Path.of("/dev/disk/by-uuid");

  private FileSystemUuid() {}

  /** Null where neither the filesystem nor the list of disks tells it. */
  public static @Nullable UUID of(Descriptor descriptor) throws IOException {
    UUID told = told(descriptor);
    return told != null ? told : ofDevice(descriptor.stat().device());
  }

  private static @Nullable UUID told(Descriptor descriptor) throws LinuxException {
    // The kernel's general call is of Linux 6.9; before it, two filesystems had their own.
    return switch (descriptor.type()) {
      case EXT4 -> {
        UUID general = ask(descriptor, FS_IOC_GETFSUUID, 0, 1);
        yield general != null ? general : ask(descriptor, EXT4_IOC_GETFSUUID, UUID_BYTES, 8);
      }
      case BTRFS -> {
        UUID general = ask(descriptor, FS_IOC_GETFSUUID, 0, 1);
        yield general != null ? general : ask(descriptor, BTRFS_IOC_FS_INFO, 0, 16);
      }
      case XFS, TMPFS, OVERLAY, NFS, CIFS, SMB2, FUSE, ZFS, F2FS, BCACHEFS, OTHER ->
          ask(descriptor, FS_IOC_GETFSUUID, 0, 1);
    };
  }

  /**
   * @param length what the structure says in its first word when it is handed over
   * @param offset where in it the UUID comes back
   */
  private static @Nullable UUID ask(Descriptor descriptor, int request, int length, long offset)
      throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment answer = scratch.large().asSlice(0, 1024);
      answer.fill((byte) 0);
      answer.set(ValueLayout.JAVA_INT, 0, length);
      long result =
          Kernel.call(
              scratch,
              Syscall.IOCTL,
              descriptor.number(),
              Integer.toUnsignedLong(request),
              answer.address());
      if (result == -Errno.ENOTTY.number()
          || result == -Errno.EOPNOTSUPP.number()
          || result == -Errno.EINVAL.number()) {
        return null;
      }
      descriptor.check(result, Syscall.IOCTL, null);
      ByteBuffer bytes =
          answer.asSlice(offset, UUID_BYTES).asByteBuffer().order(ByteOrder.BIG_ENDIAN);
      return new UUID(bytes.getLong(), bytes.getLong());
    }
  }

  /** As udev lists it: the name of each link is a UUID, its target the device. */
  private static @Nullable UUID ofDevice(long device) throws IOException {
    if (!Files.isDirectory(BY_UUID)) {
      return null;
    }
    try (DirectoryStream<Path> links = Files.newDirectoryStream(BY_UUID)) {
      for (Path link : links) {
        String name = link.getFileName().toString();
        if (isUuid(name) && rdev(link) == device) {
          return UUID.fromString(name);
        }
      }
    }
    return null;
  }

  /** Some filesystems have shorter ids of their own there. */
  private static boolean isUuid(String name) {
    return name.matches("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  }

  /** 0 for a link that leads nowhere: its disk was taken out. */
  private static long rdev(Path link) throws IOException {
    Path target;
    try {
      target = link.toRealPath();
    } catch (NoSuchFileException dangling) {
      return 0;
    }
    Path parent = Objects.requireNonNull(target.getParent());
    try (DirFd directory = DirFd.openRoot(parent)) {
      Stat stat = directory.statIfPresent(Name.of(target.getFileName().toString()));
      return stat == null ? 0 : Stat.device(stat.rdevMajor(), stat.rdevMinor());
    }
  }
}

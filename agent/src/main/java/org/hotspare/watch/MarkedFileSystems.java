package org.hotspare.watch;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Fanotify;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Mount;
import org.hotspare.linux.Mounts;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Bytes;

/**
 * The filesystems whose events fanotify reports, each under a number of ours. A directory's device
 * does not always tell its filesystem: every btrfs subvolume has its own, while events come under
 * the id of the filesystem's top. So a new device is looked up by its mount. For several threads.
 */
final class MarkedFileSystems {
  private final Fanotify fanotify;
  private final Map<Long, Integer> numberOfDevice = new HashMap<>();
  private final Map<Long, String> refusalOfDevice = new HashMap<>();
  private final Map<Bytes, Integer> numberOfId = new HashMap<>();
  private final Map<Long, Integer> numberOfSuperblock = new HashMap<>();
  private int lastNumber;

  MarkedFileSystems(Fanotify fanotify) {
    this.fanotify = fanotify;
  }

  /** The number of the filesystem that events come from. */
  synchronized OptionalInt ofEvent(Bytes fileSystemId) {
    Integer number = numberOfId.get(fileSystemId);
    return number == null ? OptionalInt.empty() : OptionalInt.of(number);
  }

  /**
   * The number of the filesystem of a directory, marked now if it was not; nothing where fanotify
   * cannot watch it, which {@link #refusal} explains.
   */
  synchronized OptionalInt mark(DirFd directory, Stat stat) throws IOException {
    Integer known = numberOfDevice.get(stat.device());
    if (known != null) {
      return OptionalInt.of(known);
    }
    if (refusalOfDevice.containsKey(stat.device())) {
      return OptionalInt.empty();
    }
    long superblock = superblock(stat);
    Integer number = numberOfSuperblock.get(superblock);
    if (number == null) {
      try {
        number = markNew(directory, superblock);
      } catch (LinuxException | UnsupportedOperationException refused) {
        refusalOfDevice.put(stat.device(), refused.getMessage());
        return OptionalInt.empty();
      }
    }
    numberOfDevice.put(stat.device(), number);
    return OptionalInt.of(number);
  }

  private int markNew(DirFd directory, long superblock) throws LinuxException {
    Bytes id = directory.fileSystemId();
    Integer number = numberOfId.get(id);
    if (number != null && numberOfSuperblock.containsValue(number)) {
      throw new UnsupportedOperationException(
          "its events could not be told from those of another filesystem with the same id");
    }
    // Fails where directories have no handles to know them by.
    directory.handle();
    fanotify.markFileSystem(directory);
    if (number == null) {
      lastNumber++;
      number = lastNumber;
      numberOfId.put(id, number);
    }
    numberOfSuperblock.put(superblock, number);
    return number;
  }

  /**
   * Filesystems were unmounted, and their marks went with them: every one is marked again, which
   * does no harm, when a directory of it is next watched. The handles of directories stay known.
   */
  synchronized void forgetMarks() {
    numberOfDevice.clear();
    numberOfSuperblock.clear();
    refusalOfDevice.clear();
  }

  private static long superblock(Stat stat) throws IOException {
    for (Mount mount : Mounts.all()) {
      if (mount.id() == stat.mountId()) {
        return mount.device();
      }
    }
    return stat.device();
  }

  synchronized Optional<String> refusal(long device) {
    return Optional.ofNullable(refusalOfDevice.get(device));
  }
}

package org.hotspare.watch;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hotspare.linux.Mount;
import org.hotspare.linux.Mounts;
import org.hotspare.linux.Stat;

/**
 * Which filesystems other machines, or programs behind the kernel's back, may change: of that the
 * kernel tells no event. For several threads.
 */
final class SharedFileSystems {
  private static final Set<String> TYPES =
      Set.of(
          "9p",
          "afs",
          "beegfs",
          "ceph",
          "cifs",
          "coda",
          "fuse",
          "gfs2",
          "glusterfs",
          "lustre",
          "nfs",
          "nfs4",
          "ocfs2",
          "orangefs",
          "smb3",
          "vboxsf",
          "virtiofs");

  private final Map<Long, String> typeOfDevice = new HashMap<>();

  /** The type of the filesystem, if it is one that may change without an event. */
  synchronized Optional<String> typeIfShared(Stat stat) throws IOException {
    String type = typeOfDevice.get(stat.device());
    if (type == null) {
      type = type(stat);
      typeOfDevice.put(stat.device(), type);
    }
    // All of fuse's kinds are called fuse.NAME, but for fuseblk, which is on a local disk.
    boolean shared = TYPES.contains(type) || type.startsWith("fuse.");
    return shared ? Optional.of(type) : Optional.empty();
  }

  private static String type(Stat stat) throws IOException {
    for (Mount mount : Mounts.all()) {
      if (mount.id() == stat.mountId()) {
        return mount.type();
      }
    }
    return "";
  }

  /** Device numbers may mean others now. */
  synchronized void forgetAll() {
    typeOfDevice.clear();
  }
}

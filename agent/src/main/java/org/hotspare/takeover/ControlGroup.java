package org.hotspare.takeover;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.hotspare.linux.Mount;
import org.hotspare.linux.Mounts;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A control group of version 2: a process that was put into it stays in it with all that it starts,
 * whatever sessions they make and whoever their parent is, and the kernel kills them all at once.
 *
 * @param directory may be gone, which is as good as empty
 */
record ControlGroup(Path directory) {
  private static final Logger LOG = LoggerFactory.getLogger(ControlGroup.class);
  private static final Path OWN = Path.of("/proc/self/cgroup");
  private static final String VERSION_2 = "0::";

  /**
   * Makes a group below that of this process.
   *
   * @return empty where that cannot be: without the permission, as in most containers, without
   *     version 2, or before Linux 5.14
   */
  static Optional<ControlGroup> create(String name) {
    try {
      Optional<Path> parent = own();
      if (parent.isEmpty()) {
        return Optional.empty();
      }
      Path directory = parent.get().resolve(name);
      makeIfMissing(directory);
      ControlGroup created = new ControlGroup(directory);
      return Files.isWritable(created.killFile()) && Files.isWritable(created.members())
          ? Optional.of(created)
          : Optional.empty();
    } catch (IOException refused) {
      LOG.debug("No control group {}: {}", name, refused.toString());
      return Optional.empty();
    }
  }

  private static void makeIfMissing(Path directory) throws IOException {
    try {
      Files.createDirectory(directory);
    } catch (FileAlreadyExistsException made) {
      LOG.debug("Control group {} is there already", directory);
    }
  }

  /** The directory of the group that this process is in. */
  private static Optional<Path> own() throws IOException {
    for (String line : Files.readAllLines(OWN)) {
      if (line.startsWith(VERSION_2)) {
        return below(Path.of(line.substring(VERSION_2.length())));
      }
    }
    return Optional.empty();
  }

  private static Optional<Path> below(Path group) throws IOException {
    for (Mount mount : Mounts.all()) {
      Path root = Path.of(mount.root().toString());
      if (mount.type().equals("cgroup2") && !mount.readOnly() && group.startsWith(root)) {
        return Optional.of(Path.of(mount.point().toString()).resolve(root.relativize(group)));
      }
    }
    return Optional.empty();
  }

  /** A process that writes 0 into it puts itself into the group. */
  Path members() {
    return directory.resolve("cgroup.procs");
  }

  private Path killFile() {
    return directory.resolve("cgroup.kill");
  }

  /** Whether no process is left in it; those that have ended and were not reaped do not count. */
  boolean isEmpty() throws IOException {
    try {
      return Files.readAllLines(directory.resolve("cgroup.events")).contains("populated 0");
    } catch (NoSuchFileException gone) {
      return true;
    }
  }

  /** Kills all that are in it at this moment, and all that they are just starting. */
  void kill() throws IOException {
    try {
      Files.writeString(killFile(), "1");
    } catch (NoSuchFileException gone) {
      // Nobody is in what is not there.
    }
  }

  /** Removes it if it is empty. */
  void remove() {
    try {
      Files.deleteIfExists(directory);
    } catch (IOException stillUsed) {
      // Somebody was put into it from outside, or made another one in it.
      LOG.debug("Control group {} stays: {}", directory, stillUsed.toString());
    }
  }
}

package org.hotspare.takeover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A file that says that a service was started and not stopped since. It counts until the machine,
 * or the container, is started anew; so it need not survive a power loss, and is not synced.
 */
record StartRecord(Path file) {
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  void write() throws IOException {
    Path whole = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(whole, thisRun());
    Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  void remove() throws IOException {
    Files.deleteIfExists(file);
  }

  boolean isOfThisRun() throws IOException {
    try {
      return Files.readString(file).equals(thisRun());
    } catch (NoSuchFileException none) {
      return false;
    }
  }

  /** Other after each start of the machine, and of the container where there is one. */
  private static String thisRun() throws IOException {
    return Files.readString(BOOT).strip() + " " + ProcessStat.of(1).startTicks() + "\n";
  }
}

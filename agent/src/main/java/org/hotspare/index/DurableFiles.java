package org.hotspare.index;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Making files and directories survive power loss. */
final class DurableFiles {
  private DurableFiles() {}

  /** Writes out what was written to a file by whatever descriptor. */
  static void syncFile(Path file) throws IOException {
    sync(file, StandardOpenOption.WRITE);
  }

  /** Makes durable which names a directory has. */
  static void syncDirectory(Path directory) throws IOException {
    sync(directory, StandardOpenOption.READ);
  }

  /**
   * A descriptor of its own for every call: an interrupt closes the channel that a thread is in,
   * and another thread's interrupt must not take ours away. The interrupt stays pending: the caller
   * was promised durability first.
   */
  private static void sync(Path path, StandardOpenOption option) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try (FileChannel channel = FileChannel.open(path, option)) {
          channel.force(false);
          return;
        } catch (ClosedByInterruptException e) {
          interrupted = true;
          Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}

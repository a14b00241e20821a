package org.hotspare.health;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.hotspare.testing.Await;

/** What checks must not leave behind in this process. */
final class Leftovers {
  private final long descriptors = descriptors();

  private static long descriptors() {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Processes of whatever parent, running or not reaped, in whose command line this stands. */
  static List<ProcessHandle> processes(String marker) {
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().commandLine().orElse("").contains(marker))
        .toList();
  }

  /** Waits until there are none since this was made, and of processes none with the marker. */
  void awaitNone(String marker) throws InterruptedException {
    Await.await("no process is left", () -> processes(marker).isEmpty());
    Await.await("no child is left", () -> ProcessHandle.current().children().findAny().isEmpty());
    HttpCheckTest.awaitNoChecks();
    // A thread that ends what a look left closes its descriptors after the last process is gone.
    Await.await("no descriptor is left", () -> descriptors() <= descriptors);
  }
}

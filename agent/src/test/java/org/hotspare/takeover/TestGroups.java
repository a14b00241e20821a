package org.hotspare.takeover;

import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The control groups that a test's services leave, since it did not stop them all. */
final class TestGroups {
  private static final String PROBE = "hotspare-probe";

  private TestGroups() {}

  /** Whether this process can make any. */
  static boolean arePossible() {
    Optional<ControlGroup> probe = ControlGroup.create(PROBE);
    probe.ifPresent(ControlGroup::remove);
    return probe.isPresent();
  }

  /** Removes those of an agent that had this name, once they are empty. */
  static void remove(String owner) throws IOException, InterruptedException {
    Optional<ControlGroup> probe = ControlGroup.create(PROBE);
    if (probe.isEmpty()) {
      return;
    }
    Path parent = probe.get().directory().resolveSibling(".").normalize();
    probe.get().remove();
    try (DirectoryStream<Path> groups =
        Files.newDirectoryStream(parent, "hotspare-" + owner + "-*")) {
      for (Path group : groups) {
        ControlGroup left = new ControlGroup(group);
        await(
            group + " is gone",
            () -> {
              left.remove();
              return !Files.exists(group);
            });
      }
    }
  }
}

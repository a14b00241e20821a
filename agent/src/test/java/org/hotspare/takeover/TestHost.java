package org.hotspare.takeover;

import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the agents of one node have on a machine: directories, and names that no other run of a test
 * has. Removes what was started.
 */
record TestHost(
    Path directory, Path records, Path logs, String owner, Journal journal, Sleepers sleepers) {

  static TestHost in(Path directory) throws IOException {
    return new TestHost(
        directory,
        Files.createDirectory(directory.resolve("records")),
        Files.createDirectory(directory.resolve("logs")),
        "test@%d-%x".formatted(ProcessHandle.current().pid(), System.nanoTime()),
        Journal.in(directory),
        new Sleepers());
  }

  TestService service(String name) {
    return new TestService(name, directory, journal, sleepers);
  }

  /** As a new agent has them. */
  Services services(Service... services) {
    return new Services(List.of(services), owner, records, logs, Map.of());
  }

  /** A file that a service's commands may make, to tell what became of it. */
  Path file(String name) {
    return directory.resolve(name);
  }

  ServiceRecord record(Service service) {
    return new ServiceRecords(owner, records).of(service.control());
  }

  Path log() throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(logs)) {
      return files.iterator().next();
    }
  }

  /** Whether this process can make control groups. */
  boolean makesGroups() {
    Optional<ControlGroup> probe = ControlGroup.create("probe-" + owner);
    probe.ifPresent(ControlGroup::remove);
    return probe.isPresent();
  }

  /** As where no control groups can be made. */
  void forgetGroups() throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(records, "*.group")) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
  }

  /** Kills what is left, and removes its control groups, which its own test did not do. */
  void close() throws IOException, InterruptedException {
    sleepers.close();
    Optional<ControlGroup> probe = ControlGroup.create("probe-" + owner);
    if (probe.isEmpty()) {
      return;
    }
    probe.get().remove();
    Path parent = probe.get().directory().resolveSibling(".").normalize();
    try (DirectoryStream<Path> groups =
        Files.newDirectoryStream(parent, "hotspare-" + owner + "-*")) {
      for (Path group : groups) {
        ControlGroup left = new ControlGroup(group);
        left.kill();
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

package org.hotspare.agent;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.hotspare.cli.Finding;
import org.hotspare.config.Address;
import org.hotspare.config.Configuration;
import org.hotspare.config.Mirror;
import org.hotspare.config.Node;
import org.hotspare.linux.Capability;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.FileSystemType;
import org.hotspare.linux.Privileges;
import org.hotspare.linux.Space;
import org.hotspare.wire.Certificates;
import org.jspecify.annotations.Nullable;

/** Looks at what this machine can and cannot do for a configuration. */
final class Doctor {
  private static final int CONNECT_MILLIS = 2000;
  private static final double LITTLE = 0.05;

  /**
   * Names that databases give their directories or files: a file mirror of those is not consistent.
   */
  private static final Set<String> DATABASES =
      Set.of("PG_VERSION", "ibdata1", "WiredTiger", "aria_log_control", "dump.rdb");

  private final @Nullable Configuration configuration;
  private final @Nullable Node node;
  private final List<Finding> findings = new ArrayList<>();

  Doctor(@Nullable Configuration configuration, @Nullable Node node) {
    this.configuration = configuration;
    this.node = node;
  }

  /**
   * @param all whether to say what is to be done about the other nodes, too
   */
  List<Finding> examine(boolean all) {
    privileges();
    Configuration known = configuration;
    Node self = node;
    if (known != null && self != null) {
      certificate(known);
      known.mirrors().values().forEach(mirror -> mirror(known, self, mirror));
      peers(known, self);
      if (all) {
        add(
            Finding.Level.NOTE,
            "other nodes",
            "only whether they answer is seen from here",
            "run hotspare doctor on each of them");
      }
    }
    return findings;
  }

  private void add(Finding.Level level, String topic, String text, String remedy) {
    String name = node == null ? "" : node.name();
    findings.add(new Finding(level, name, topic, text, remedy));
  }

  private void privileges() {
    try {
      Privileges privileges = Privileges.ofThisProcess();
      boolean recent = privileges.isKernelAtLeast(5, 17);
      add(
          recent ? Finding.Level.OK : Finding.Level.WARNING,
          "kernel",
          "Linux " + privileges.kernelRelease(),
          recent ? "" : "from 5.17 on a rename is seen as what it is");
      List<String> missing =
          Arrays.stream(Capability.values())
              .filter(capability -> !privileges.has(capability))
              .map(Capability::name)
              .toList();
      boolean all = missing.isEmpty();
      add(
          all ? Finding.Level.OK : Finding.Level.WARNING,
          "privileges",
          all ? "all that is needed" : "missing: " + String.join(", ", missing),
          all ? "" : "run the agent as root, or give its unit these capabilities");
    } catch (IOException e) {
      add(Finding.Level.PROBLEM, "privileges", String.valueOf(e.getMessage()), "");
    }
  }

  private void certificate(Configuration known) {
    try {
      Certificates certificates = Certificates.load(Agent.tlsDirectory(known));
      Duration left = Duration.between(Instant.now(), certificates.validUntil());
      add(
          left.toDays() > 7 ? Finding.Level.OK : Finding.Level.WARNING,
          "certificate",
          "valid for %d days".formatted(left.toDays()),
          "");
    } catch (IOException e) {
      add(
          Finding.Level.PROBLEM,
          "certificate",
          String.valueOf(e.getMessage()),
          "hotspare init on the first node, or hotspare join TOKEN");
    }
  }

  private void mirror(Configuration known, Node self, Mirror mirror) {
    Path path = known.pathOf(mirror, self);
    if (!Files.isDirectory(path)) {
      add(
          Finding.Level.PROBLEM,
          "mirror " + mirror.name(),
          path + " is no directory",
          "make it, or mount what belongs there");
      return;
    }
    try (DirFd root = DirFd.openRoot(path)) {
      FileSystemType type = root.type();
      Space space = root.space();
      double free = (double) space.availableBytes() / Math.max(1, space.totalBytes());
      add(
          free > LITTLE ? Finding.Level.OK : Finding.Level.WARNING,
          "mirror " + mirror.name(),
          "%s is on %s, %.0f %% free".formatted(path, type, 100 * free),
          free > LITTLE ? "" : "make room: copies are staged beside what they replace");
    } catch (IOException e) {
      add(Finding.Level.PROBLEM, "mirror " + mirror.name(), String.valueOf(e.getMessage()), "");
    }
    database(mirror, path);
  }

  private void database(Mirror mirror, Path path) {
    try (var files = Files.walk(path, 2)) {
      files
          .filter(file -> DATABASES.contains(String.valueOf(file.getFileName())))
          .findFirst()
          .ifPresent(
              file ->
                  add(
                      Finding.Level.WARNING,
                      "mirror " + mirror.name(),
                      file
                          + " looks like a database: its files are no consistent copy while it runs",
                      "use the database's own replication, or mirror its dumps"));
    } catch (IOException | java.io.UncheckedIOException e) {
      add(Finding.Level.NOTE, "mirror " + mirror.name(), "not all of it could be looked at", "");
    }
  }

  private void peers(Configuration known, Node self) {
    for (Node peer : known.nodes().values()) {
      if (peer.name().equals(self.name())) {
        continue;
      }
      for (Address address : peer.addresses()) {
        try (Socket socket = new Socket()) {
          socket.connect(new InetSocketAddress(address.host(), address.port()), CONNECT_MILLIS);
          add(Finding.Level.OK, "ports", "%s answers at %s".formatted(peer.name(), address), "");
        } catch (IOException e) {
          add(
              Finding.Level.WARNING,
              "ports",
              "%s does not answer at %s: %s".formatted(peer.name(), address, e.getMessage()),
              "is its agent running, and does a firewall let TCP through?");
        }
      }
    }
  }
}

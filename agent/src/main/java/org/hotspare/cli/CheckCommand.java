package org.hotspare.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import org.hotspare.admin.Outcome;
import org.hotspare.config.Complaint;
import org.hotspare.config.Configuration;
import org.hotspare.config.ConfigurationException;
import org.hotspare.config.Node;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "check", description = "Validates a configuration, without an agent.")
final class CheckCommand extends AgentCommand {
  @Parameters(arity = "0..1", paramLabel = "FILE", description = "The same as --config FILE.")
  private @Nullable Path file;

  @Override
  public Integer call() throws ConfigurationException {
    Configuration read = file == null ? configuration() : Configuration.load(file);
    PrintWriter out = out();
    out.println(read.file() + " is valid.");
    out.println("Cluster " + read.cluster() + ", " + roles(read) + ":");
    for (Node node : read.nodes().values()) {
      out.println(
          "  " + node.name() + " at " + node.addresses().getFirst() + ", " + role(read, node));
      if (node.holdsData()) {
        read.pathsOn(node).forEach((mirror, path) -> out.println("    " + mirror + " in " + path));
      }
    }
    for (Complaint notice : read.notices()) {
      out.println("Note: " + notice.headline());
    }
    return Outcome.DONE.exitStatus();
  }

  private static String roles(Configuration configuration) {
    Duration lease = configuration.lease();
    return lease == null ? "fixed roles" : "a lease of %d ms".formatted(lease.toMillis());
  }

  private static String role(Configuration configuration, Node node) {
    if (node.witness()) {
      return "witness";
    }
    if (!configuration.hasFixedRoles()) {
      return node.promotable() ? "primary or standby" : "standby";
    }
    return node.name().equals(configuration.primary()) ? "primary" : "standby";
  }
}

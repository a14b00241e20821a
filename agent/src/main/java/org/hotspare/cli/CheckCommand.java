package org.hotspare.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.hotspare.admin.Outcome;
import org.hotspare.config.Complaint;
import org.hotspare.config.Configuration;
import org.hotspare.config.ConfigurationException;
import org.hotspare.config.Mirror;
import org.hotspare.config.Node;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "check", description = "Validates a configuration, without an agent.")
final class CheckCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ConfigurationOption configuration;

  @Parameters(arity = "0..1", paramLabel = "FILE", description = "The same as --config FILE.")
  private @Nullable Path file;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  CheckCommand() {}

  @Override
  public Integer call() throws ConfigurationException {
    Configuration read = file == null ? configuration.load() : Configuration.load(file);
    PrintWriter out = spec.commandLine().getOut();
    out.println(read.file() + " is valid.");
    out.println("Cluster " + read.cluster() + ", roles are fixed:");
    for (Node node : read.nodes().values()) {
      out.println(
          "  " + node.name() + " at " + node.addresses().getFirst() + ", " + role(read, node));
      for (Mirror mirror : read.mirrors().values()) {
        if (node.holdsData()) {
          out.println("    " + mirror.name() + " in " + read.pathOf(mirror, node));
        }
      }
    }
    for (Complaint notice : read.notices()) {
      out.println("Note: " + notice.headline());
    }
    return Outcome.DONE.exitStatus();
  }

  private static String role(Configuration configuration, Node node) {
    if (node.witness()) {
      return "witness";
    }
    return node.name().equals(configuration.primary()) ? "primary" : "standby";
  }
}

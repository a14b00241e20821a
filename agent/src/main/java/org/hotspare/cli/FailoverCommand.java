package org.hotspare.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.hotspare.admin.Answer;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.RoleOrder;
import org.hotspare.config.Configuration;
import org.hotspare.config.ConfigurationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "failover",
    description = "Makes this standby primary though nobody hands over to it.")
final class FailoverCommand extends AgentCommand {
  @Option(names = "--to", paramLabel = "NODE", required = true, description = "This node.")
  private String to;

  @Option(
      names = "--accept-loss",
      description =
          "Also where it may lack changes that others have: those are lost, or kept there.")
  private boolean acceptLoss;

  @Option(
      names = "--others-are-off",
      description =
          "Also where no majority can be reached, since all other machines are off: from then on this"
              + " node decides alone, until they are back. Asks for the cluster's name.")
  private boolean othersAreOff;

  @Option(
      names = "--confirm",
      paramLabel = "CLUSTER",
      description = "With --others-are-off: the cluster's name, where nobody can be asked for it.")
  private @Nullable String confirmed;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  FailoverCommand() {}

  @Override
  public Integer call() throws ConfigurationException, CommandFailure {
    if (othersAreOff) {
      Configuration configuration = configuration();
      String name = confirmed == null ? ask(configuration) : confirmed;
      if (!name.equals(configuration.cluster())) {
        return print(
            Answer.refused(
                "That is not the name of the cluster, so nothing was done. Without a terminal it is"
                    + " given by --confirm CLUSTER."));
      }
    }
    return print(client().changeRoles(new RoleOrder.Failover(to, acceptLoss, othersAreOff)));
  }

  /** What is typed; empty where nothing is. */
  private String ask(Configuration configuration) throws CommandFailure {
    err()
        .println(
            """
            From now on %s alone decides in cluster %s, and serves. If another machine of it still
            runs and cannot be reached from here, there are two primaries, and what one of them
            takes meanwhile is only kept aside later: switch all others off first. When they are
            back, they join again by themselves.
            To go on, type the name of the cluster:"""
                .formatted(to, configuration.cluster()));
    err().flush();
    try {
      String line =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
      return line == null ? "" : line.strip();
    } catch (IOException e) {
      throw new CommandFailure(Outcome.NO, "The answer cannot be read: " + e.getMessage());
    }
  }
}

package org.hotspare.cli;

import java.time.Duration;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.WaitResult;
import org.hotspare.config.ConfigurationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "wait",
    description =
        "Returns when all that was written before it was called is durable on every standby.")
final class WaitCommand extends AgentCommand {
  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "30s",
      description = "How long at most (default: ${DEFAULT-VALUE}).")
  private Duration timeout;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  WaitCommand() {}

  @Override
  public Integer call() throws ConfigurationException, CommandFailure {
    WaitResult result = client().waitForStandbys(timeout);
    String took = Quantities.seconds(result.millis() / 1000.0);
    if (result.durable()) {
      out().println("All that was written is durable on every standby (" + took + ").");
      return Outcome.DONE.exitStatus();
    }
    out().println("Not confirmed after " + took + ":");
    result.missing().forEach(missing -> out().println("  " + missing));
    return Outcome.NO.exitStatus();
  }
}

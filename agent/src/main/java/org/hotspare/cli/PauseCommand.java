package org.hotspare.cli;

import java.time.Duration;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.RoleOrder;
import org.hotspare.config.ConfigurationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "pause",
    description = "Hands off: the primary of this moment stays, and nobody is promoted.")
final class PauseCommand extends AgentCommand {
  @Option(
      names = "--for",
      paramLabel = "DURATION",
      description = "Ends by itself after this time, such as 1h.")
  private @Nullable Duration validFor;

  @Option(names = "--reason", paramLabel = "TEXT", description = "What status and events say.")
  private @Nullable String reason;

  @Override
  public Integer call() throws ConfigurationException, CommandFailure {
    long millis = validFor == null ? 0 : validFor.toMillis();
    String why = reason == null ? "by an operator" : reason;
    return print(client().changeRoles(new RoleOrder.Pause(why, millis)));
  }
}

package org.hotspare.cli;

import java.time.Duration;
import org.hotspare.admin.CommandFailure;
import org.hotspare.config.ConfigurationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "approve", description = "Lets what is held through: it was meant.")
final class ApproveCommand extends AgentCommand {
  @Mixin private MirrorOption mirror;

  @Option(
      names = "--for",
      paramLabel = "DURATION",
      description = "Also what would be held within this time from now, such as 10m.")
  private @Nullable Duration validFor;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  ApproveCommand() {}

  @Override
  public Integer call() throws ConfigurationException, CommandFailure {
    return print(client().approve(mirror.name(), validFor == null ? Duration.ZERO : validFor));
  }
}

package org.hotspare.cli;

import org.hotspare.admin.CommandFailure;
import org.hotspare.config.ConfigurationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "reject",
    description =
        "Takes back what is held: the standby's copies become the primary's again, as new changes.")
final class RejectCommand extends AgentCommand {
  @Mixin private MirrorOption mirror;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  RejectCommand() {}

  @Override
  public Integer call() throws ConfigurationException, CommandFailure {
    return print(client().reject(mirror.name()));
  }
}

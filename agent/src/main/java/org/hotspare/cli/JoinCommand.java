package org.hotspare.cli;

import org.hotspare.admin.CommandFailure;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "join",
    description =
        "Makes this machine the node that the token invites, and brings the configuration along.")
final class JoinCommand extends AgentCommand {
  private final AgentRunner runner;

  @Parameters(paramLabel = "TOKEN", description = "What `hotspare invite NODE` printed.")
  private String token;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  JoinCommand(AgentRunner runner) {
    this.runner = runner;
  }

  @Override
  public Integer call() throws CommandFailure {
    return print(runner.join(token, configurationOption().file().toAbsolutePath()));
  }
}

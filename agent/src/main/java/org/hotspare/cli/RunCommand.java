package org.hotspare.cli;

import org.hotspare.config.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "run",
    description = "Runs the agent in the foreground; it logs to stderr, and SIGTERM ends it.")
final class RunCommand extends AgentCommand {
  private final AgentRunner runner;
  @Mixin private NodeOption node;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  RunCommand(AgentRunner runner) {
    this.runner = runner;
  }

  @Override
  public Integer call() throws Exception {
    Configuration read = configuration();
    return runner.run(read, read.node(node.name())).exitStatus();
  }
}

package org.hotspare.cli;

import org.hotspare.config.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "init",
    description = "Makes the cluster, on its first node; the others are invited and join.")
final class InitCommand extends AgentCommand {
  private final AgentRunner runner;
  @Mixin private NodeOption node;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  InitCommand(AgentRunner runner) {
    this.runner = runner;
  }

  @Override
  public Integer call() throws Exception {
    Configuration read = configuration();
    return print(runner.init(read, read.node(node.name())));
  }
}

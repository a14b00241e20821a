package org.hotspare.cli;

import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.RoleOrder;
import org.hotspare.config.ConfigurationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "switchover",
    description = "Makes another node primary, without loss. On the primary.")
final class SwitchoverCommand extends AgentCommand {
  @Option(
      names = "--to",
      paramLabel = "NODE",
      description = "Which; otherwise the one that is furthest.")
  private @Nullable String to;

  @Override
  public Integer call() throws ConfigurationException, CommandFailure {
    return print(client().changeRoles(new RoleOrder.Switchover(to == null ? "" : to)));
  }
}

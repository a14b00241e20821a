package org.hotspare.cli;

import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.RoleOrder;
import org.hotspare.config.ConfigurationException;
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

  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  FailoverCommand() {}

  @Override
  public Integer call() throws ConfigurationException, CommandFailure {
    return print(client().changeRoles(new RoleOrder.Failover(to, acceptLoss)));
  }
}

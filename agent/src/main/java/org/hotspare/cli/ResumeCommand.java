package org.hotspare.cli;

import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.RoleOrder;
import org.hotspare.config.ConfigurationException;
import picocli.CommandLine.Command;

@Command(name = "resume", description = "Ends a pause. On the primary.")
final class ResumeCommand extends AgentCommand {
  @Override
  public Integer call() throws ConfigurationException, CommandFailure {
    return print(client().changeRoles(new RoleOrder.Resume()));
  }
}

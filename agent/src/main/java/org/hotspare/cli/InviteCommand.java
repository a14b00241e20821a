package org.hotspare.cli;

import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Invitation;
import org.hotspare.admin.Outcome;
import org.hotspare.config.ConfigurationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "invite",
    description = "Prints a token with which another node can join, once and for a short time.")
final class InviteCommand extends AgentCommand {
  @Parameters(paramLabel = "NODE", description = "The node's name in the configuration.")
  private String node;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  InviteCommand() {}

  @Override
  public Integer call() throws ConfigurationException, CommandFailure {
    Invitation invitation = client().invite(node);
    // The token alone on the standard output: TOKEN=$(hotspare invite beta).
    err()
        .println(
            "On "
                + invitation.node()
                + ", within "
                + Quantities.seconds((double) invitation.validSeconds())
                + ": hotspare join TOKEN");
    out().println(invitation.token());
    return Outcome.DONE.exitStatus();
  }
}

package org.hotspare.cli;

import java.time.Duration;
import org.hotspare.admin.AdminClient;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Json;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.Status;
import org.hotspare.config.Configuration;
import org.hotspare.config.ConfigurationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "status",
    description =
        "Shows how this node and its mirrors are. Exit status 1 if a mirror is not in sync.")
final class StatusCommand extends AgentCommand {
  private static final Duration REDRAW = Duration.ofSeconds(1);
  private static final String HOME_AND_ERASE = "\u001b[H\u001b[2J";

  @Option(names = "--json", description = "One line of JSON, whose shape is documented and stable.")
  private boolean json;

  @Option(names = "--watch", description = "Shows it again every second.")
  private boolean watch;

  @Option(
      names = "--check",
      description = "One line, with the exit status of a monitoring plugin (0 to 3).")
  private boolean check;

  @Override
  public Integer call() throws ConfigurationException, CommandFailure, InterruptedException {
    Configuration read = configuration();
    AdminClient agent = new AdminClient(read.state());
    Duration maxLag = read.failover().maxLag();
    if (check) {
      return check(agent, maxLag);
    }
    while (watch) {
      show(agent.status(), true);
      endWhenNobodyReads();
      Thread.sleep(REDRAW);
    }
    Status status = agent.status();
    show(status, false);
    return (Health.inSync(status, maxLag) ? Outcome.DONE : Outcome.NO).exitStatus();
  }

  private void show(Status status, boolean again) {
    if (json) {
      out().println(Json.write(status));
    } else {
      boolean terminal = again && Terminal.showsOutput();
      out().print((terminal ? HOME_AND_ERASE : "") + StatusText.of(status) + (again ? "\n" : ""));
    }
    out().flush();
  }

  private int check(AdminClient agent, Duration maxLag) {
    try {
      Status status = agent.status();
      out().println(Health.line(status, maxLag));
      return Health.of(status, maxLag).exitStatus();
    } catch (CommandFailure failure) {
      // A monitoring system shows what stands on the standard output, also of a failure.
      out().println("HOTSPARE UNKNOWN - " + failure.getMessage());
      return Health.UNKNOWN.exitStatus();
    }
  }
}

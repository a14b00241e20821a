package org.hotspare.cli;

import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Event;
import org.hotspare.admin.Json;
import org.hotspare.admin.Outcome;
import org.hotspare.config.ConfigurationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "events",
    description = "Lists what happened and was decided on this node, and why.")
final class EventsCommand extends AgentCommand {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS");

  @Option(names = "--follow", description = "Goes on with what happens from now on.")
  private boolean follow;

  @Option(names = "--json", description = "One line of JSON for each.")
  private boolean json;

  @Option(
      names = "--last",
      paramLabel = "N",
      defaultValue = "100",
      description = "How many of the past (default: ${DEFAULT-VALUE}, at most 10000).")
  private int last;

  @Override
  public Integer call() throws ConfigurationException, CommandFailure {
    if (last < 0 || last > 10_000) {
      throw new CommandFailure(Outcome.WRONG, "--last is " + last + "; expected 0 to 10000.");
    }
    ZoneId zone = ZoneId.systemDefault();
    client()
        .events(
            last,
            follow,
            event -> {
              out().println(json ? Json.write(event) : text(event, zone));
              endWhenNobodyReads();
            });
    return Outcome.DONE.exitStatus();
  }

  static String text(Event event, ZoneId zone) {
    String mirror = event.mirror() == null ? "" : event.mirror() + ": ";
    return String.format(
        "%s  %-13s  %s%s",
        TIME.format(event.time().atZone(zone)), event.kind().word(), mirror, event.text());
  }
}

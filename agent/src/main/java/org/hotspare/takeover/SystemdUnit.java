package org.hotspare.takeover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A unit of systemd. It is systemd's child, not the agent's, and its processes are known to systemd
 * by their control group, so it outlives the agent, and killing it leaves none of them.
 *
 * <p>Starting and stopping are calls that return when systemd's job is over; the job goes on where
 * the call is ended before, and another one for the same unit takes its place.
 */
final class SystemdUnit implements ServiceControl {
  /** There while systemd is what runs the machine: sd_booted(3). */
  static final Path BOOTED = Path.of("/run/systemd/system");

  private static final Duration ASKED_WITHIN = Duration.ofSeconds(2);
  private static final Duration KILLED_WITHIN = Duration.ofSeconds(5);
  private static final int JOURNAL_LINES = 3;
  private static final Set<String> RUNNING = Set.of("active", "reloading", "refreshing");

  /** With {@code unknown} as old versions say of a unit that is not there. */
  private static final Set<String> STOPPED = Set.of("inactive", "failed", "unknown");

  private final String unit;
  private final Map<String, String> environment;
  private final Path booted;

  /**
   * @param environment added to this process's own for {@code systemctl}
   * @param booted as {@link #BOOTED}
   */
  SystemdUnit(String unit, Map<String, String> environment, Path booted) {
    this.unit = unit;
    this.environment = environment;
    this.booted = booted;
  }

  @Override
  public boolean isRunning(Deadline deadline) throws ServiceException, InterruptedException {
    return RUNNING.contains(state(deadline));
  }

  private String state(Deadline deadline) throws ServiceException, InterruptedException {
    if (!Files.isDirectory(booted)) {
      throw new ServiceException(
          "systemd does not run on this machine (there is no " + booted + ")");
    }
    CommandEnd end = systemctl(deadline.remainingAtLeast(ASKED_WITHIN), "is-active");
    // It returns 0 for one that is active only, and something that depends on the version else.
    if (!end.isAnswer() || end.lines().size() != 1 || end.lines().getFirst().contains(" ")) {
      throw new ServiceException("systemctl is-active: " + end);
    }
    return end.lines().getFirst();
  }

  private CommandEnd systemctl(Duration timeout, String verb, String... options)
      throws InterruptedException {
    List<String> command = new ArrayList<>(List.of("systemctl", "--no-ask-password", verb));
    command.addAll(List.of(options));
    command.addAll(List.of("--", unit));
    return TimedCommand.run(command, environment, timeout);
  }

  @Override
  public String start(Deadline deadline)
      throws ServiceException, InterruptedException, IOException {
    if (isRunning(deadline)) {
      return "";
    }
    CommandEnd end = systemctl(deadline.remaining(), "start");
    if (!end.isSuccess()) {
      List<String> lines = new ArrayList<>(end.lines());
      lines.addAll(journal());
      throw new ServiceException("systemctl start: " + end.with(lines));
    }
    // A unit whose conditions do not hold is not started, and that is no failure to systemd.
    String[] state = {state(deadline)};
    deadline.await(
        () -> {
          state[0] = state(deadline);
          return RUNNING.contains(state[0]) || STOPPED.contains(state[0]);
        });
    if (!RUNNING.contains(state[0])) {
      String last = String.join(" / ", journal());
      throw new ServiceException(
          "systemctl started it, but it is " + state[0] + (last.isEmpty() ? "" : ": " + last));
    }
    return "started";
  }

  /** The last that the unit printed, for people. It comes after what systemd says of the unit. */
  private List<String> journal() throws InterruptedException {
    List<String> lines =
        systemctl(ASKED_WITHIN, "status", "--no-pager", "--lines=" + JOURNAL_LINES, "--output=cat")
            .lines();
    return lines.subList(Math.max(0, lines.size() - JOURNAL_LINES), lines.size());
  }

  @Override
  public String stop(Deadline deadline) throws ServiceException, InterruptedException, IOException {
    if (STOPPED.contains(state(deadline))) {
      return "";
    }
    CommandEnd end = systemctl(deadline.remaining(), "stop");
    if (end.isSuccess()) {
      return "stopped";
    }
    CommandEnd kill = systemctl(KILLED_WITHIN, "kill", "--signal=KILL");
    Deadline gone = Deadline.after(KILLED_WITHIN);
    if (!gone.await(() -> STOPPED.contains(state(gone)))) {
      throw new ServiceException(
          "it still runs: systemctl stop: %s; systemctl kill: %s".formatted(end, kill));
    }
    return "killed, since systemctl stop: " + end;
  }
}

package org.hotspare.takeover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A unit of systemd. It is systemd's child, not the agent's, and its processes are known to systemd
 * by their control group, so it outlives the agent, and killing it leaves none of them.
 *
 * <p>Starting and stopping are calls that return when systemd's job is over; the job goes on where
 * the call is ended before, and another one for the same unit takes its place. So a unit is stopped
 * by a call also where it is said to be inactive: its start may only be waiting for another unit.
 */
final class SystemdUnit implements ServiceControl {
  /** There while systemd is what runs the machine: sd_booted(3). */
  static final Path BOOTED = Path.of("/run/systemd/system");

  private static final Logger LOG = LoggerFactory.getLogger(SystemdUnit.class);

  /** What a job is given that comes when the time is over: it is for systemd to know of it. */
  private static final Duration LEAST = Duration.ofSeconds(1);

  private static final Duration ASKED_WITHIN = Duration.ofSeconds(2);
  private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(5);

  /** A large one takes its time to give its memory back. */
  private static final Duration KILLED_WITHIN = Duration.ofSeconds(5);

  private static final int JOURNAL_LINES = 3;
  private static final Set<String> RUNNING = Set.of("active", "reloading", "refreshing");

  /** With {@code unknown} as old versions say of a unit that is not there. */
  private static final Set<String> STOPPED = Set.of("inactive", "failed", "unknown");

  /** What systemctl returns for a unit that is not loaded, and so has no job either. */
  private static final int NOT_LOADED = 5;

  private final Service service;
  private final String unit;
  private final ServiceRecord record;
  private final Map<String, String> environment;
  private final Path booted;

  /**
   * @param unit of the service
   * @param environment added to this process's own for {@code systemctl}
   * @param booted as {@link #BOOTED}
   */
  SystemdUnit(
      Service service,
      String unit,
      ServiceRecord record,
      Map<String, String> environment,
      Path booted) {
    this.service = service;
    this.unit = unit;
    this.record = record;
    this.environment = environment;
    this.booted = booted;
  }

  @Override
  public boolean isRunning(Deadline deadline) throws ServiceException, InterruptedException {
    return RUNNING.contains(state(deadline));
  }

  private String state(Deadline deadline) throws ServiceException, InterruptedException {
    requireSystemd();
    Duration left = deadline.remainingAtLeast(ASKED_WITHIN);
    CommandEnd end =
        systemctl(left.compareTo(ANSWERS_WITHIN) < 0 ? left : ANSWERS_WITHIN, "is-active");
    // It returns 0 for one that is active only, and something that depends on the version else.
    if (!end.isAnswer() || end.lines().size() != 1 || end.lines().getFirst().contains(" ")) {
      throw new ServiceException("systemctl is-active: " + end);
    }
    return end.lines().getFirst();
  }

  private void requireSystemd() throws ServiceException {
    if (!Files.isDirectory(booted)) {
      throw new ServiceException(
          "systemd does not run on this machine (there is no " + booted + ")");
    }
  }

  private CommandEnd systemctl(Duration timeout, String verb, String... options)
      throws InterruptedException {
    return systemctl(timeout, List.of(unit), verb, options);
  }

  private CommandEnd systemctl(Duration timeout, List<String> units, String verb, String... options)
      throws InterruptedException {
    List<String> command = new ArrayList<>(List.of("systemctl", "--no-ask-password", verb));
    command.addAll(List.of(options));
    command.add("--");
    command.addAll(units);
    return TimedCommand.run(command, environment, timeout);
  }

  @Override
  public String start(Deadline deadline)
      throws ServiceException, InterruptedException, IOException {
    if (isRunning(deadline)) {
      if (!record.isBegun()) {
        record.begin(service);
      }
      return "";
    }
    // One that was started often in a short time would be refused.
    CommandEnd reset = systemctl(ASKED_WITHIN, "reset-failed");
    LOG.debug("systemctl reset-failed {}: {}", unit, reset);
    record.begin(service);
    CommandEnd end = systemctl(deadline.remainingAtLeast(LEAST), "start");
    if (!end.isSuccess()) {
      List<String> lines = new ArrayList<>(end.lines());
      lines.addAll(journal());
      throw new ServiceException("systemctl start: " + end.with(lines));
    }
    awaitRunning(deadline);
    return "started";
  }

  /** A unit whose conditions do not hold is not started, and that is no failure to systemd. */
  private void awaitRunning(Deadline deadline)
      throws ServiceException, InterruptedException, IOException {
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
  }

  /** The last that the unit printed, for people. It comes after what systemd says of the unit. */
  private List<String> journal() throws InterruptedException {
    List<String> lines =
        systemctl(ASKED_WITHIN, "status", "--no-pager", "--lines=" + JOURNAL_LINES, "--output=cat")
            .lines();
    return lines.subList(Math.max(0, lines.size() - JOURNAL_LINES), lines.size());
  }

  @Override
  public String stop(Deadline deadline) throws ServiceException, InterruptedException {
    requireSystemd();
    boolean wasStopped = !record.isBegun() && isSaidToBeStopped(deadline);
    CommandEnd end = systemctl(deadline.remainingAtLeast(LEAST), unitAndTriggers(), "stop");
    if (!end.isSuccess() && !(end.status() == NOT_LOADED && isSaidToBeStopped(deadline))) {
      kill(end);
      record.remove();
      return "killed, since systemctl stop: " + end;
    }
    if (!wasStopped) {
      // Units with KillMode=process or none leave some of their processes.
      CommandEnd left = systemctl(ASKED_WITHIN, "kill", "--signal=KILL");
      LOG.debug("systemctl kill {}: {}", unit, left);
    }
    record.remove();
    return wasStopped ? "" : "stopped";
  }

  /** False where that cannot be told. */
  private boolean isSaidToBeStopped(Deadline deadline) throws InterruptedException {
    try {
      return STOPPED.contains(state(deadline));
    } catch (ServiceException unknown) {
      LOG.warn("Unit {} is stopped though its state is unknown: {}", unit, unknown.getMessage());
      return false;
    }
  }

  /** With the sockets, paths and timers that would start it again. */
  private List<String> unitAndTriggers() throws InterruptedException {
    List<String> units = new ArrayList<>();
    CommandEnd asked = systemctl(ASKED_WITHIN, "show", "--property=TriggeredBy", "--value");
    if (asked.isSuccess()) {
      asked.lines().forEach(line -> units.addAll(List.of(line.split(" +", -1))));
    }
    units.add(unit);
    return units;
  }

  /** Stopping it once more is what tells that it is over: no job is left then either. */
  private void kill(CommandEnd stop) throws ServiceException, InterruptedException {
    CommandEnd kill = systemctl(KILLED_WITHIN, "kill", "--signal=KILL");
    CommandEnd again = systemctl(KILLED_WITHIN, "stop");
    if (!again.isSuccess()) {
      throw new ServiceException(
          "it still runs, or may: systemctl stop: %s; systemctl kill: %s; systemctl stop: %s"
              .formatted(stop, kill, again));
    }
  }
}

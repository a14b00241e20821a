package org.hotspare.takeover;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service that is started and stopped by commands.
 *
 * <p>It outlives the agent: the start command runs in a session of its own, with empty input, a
 * file for its output and no other descriptor, and stays when the agent dies. Whether it runs is
 * what its status command says; where there is none, it runs from its start to its stop. All that
 * the start command started can be killed, see {@link ServiceProcesses}.
 */
final class CommandService implements ServiceControl {
  private static final Logger LOG = LoggerFactory.getLogger(CommandService.class);
  private static final Duration ASKED_WITHIN = Duration.ofSeconds(2);
  private static final Duration KILLED_WITHIN = Duration.ofSeconds(2);

  /**
   * Joins the control group, so that the command begins in it, and hides from it what concerns the
   * agent alone. The agent's working directory would keep its filesystem from being unmounted.
   */
  private static final String START =
      """
      cd / && echo 0 >"$1" || exit 1
      if true >>"$2"; then exec >>"$2" 2>&1; else exec >/dev/null 2>&1; fi
      exec /usr/bin/env -u %s -u NOTIFY_SOCKET -u WATCHDOG_PID -u WATCHDOG_USEC -u JOURNAL_STREAM \
      /bin/sh -c "$3"
      """
          .formatted(ServiceProcesses.starting());

  private final Service.Commands commands;
  private final Map<String, String> environment;
  private final ServiceProcesses processes;
  private final StartRecord record;
  private final ServiceLog log;

  private @Nullable CommandEnd lastStatus;

  /**
   * @param name unlike that of any other service of this machine; fit for a file's name
   * @param directory for its log and what has to be known of it later; there already
   * @param environment added to this process's own for all commands
   */
  CommandService(
      Service.Commands commands, String name, Path directory, Map<String, String> environment) {
    this.commands = commands;
    this.environment = environment;
    this.processes = new ServiceProcesses(name, directory.resolve(name + ".group"));
    this.record = new StartRecord(directory.resolve(name + ".started"));
    this.log = new ServiceLog(directory.resolve(name + ".log"));
  }

  private boolean tellsItsStatus() {
    return !commands.status().isEmpty();
  }

  @Override
  public boolean isRunning(Deadline deadline)
      throws ServiceException, InterruptedException, IOException {
    if (!tellsItsStatus()) {
      return record.isOfThisRun();
    }
    CommandEnd end = shell(commands.status(), deadline.remainingAtLeast(ASKED_WITHIN));
    if (!end.isAnswer()) {
      throw new ServiceException("its status command: " + end);
    }
    lastStatus = end;
    return end.isSuccess();
  }

  private CommandEnd shell(String command, Duration timeout) throws InterruptedException {
    return TimedCommand.shell(command, environment, line -> {}).await(timeout);
  }

  /** Where it is interrupted, what was begun goes on, and has to be stopped. */
  @Override
  public String start(Deadline deadline)
      throws ServiceException, InterruptedException, IOException {
    log.bound();
    if (!deadline.await(() -> !processes.isStarting())) {
      throw new ServiceException("a start command of an earlier agent still runs");
    }
    if (isRunning(deadline)) {
      return "";
    }
    if (!processes.isEmpty()) {
      LOG.warn("What is left of {} is killed before it is started again", commands.start());
      killAll();
    }
    boolean started = false;
    // Before, since nobody could say that it was begun if this agent died meanwhile.
    writeRecord();
    try {
      runStart(deadline);
      started = true;
    } finally {
      if (!started) {
        record.remove();
        processes.forgetIfGone();
      }
    }
    return "started";
  }

  /** A full disk is no reason not to start it. */
  private void writeRecord() {
    try {
      record.write();
    } catch (IOException full) {
      LOG.warn(
          "The next agent will not know that it runs: {}: {}", commands.start(), full.toString());
    }
  }

  private void runStart(Deadline deadline)
      throws ServiceException, InterruptedException, IOException {
    long before = log.end();
    Map<String, String> marked = new LinkedHashMap<>(environment);
    marked.putAll(processes.environment());
    CommandEnd end = TimedCommand.run(startCommand(), marked, deadline.remaining());
    if (!end.isSuccess()) {
      List<String> lines = new ArrayList<>(end.lines());
      lines.addAll(log.since(before));
      if (end.late()) {
        killAll();
      }
      throw new ServiceException("its start command: " + end.with(lines));
    }
    if (tellsItsStatus() && !deadline.await(() -> isRunning(deadline))) {
      throw new ServiceException(
          "it was started, but its status command: %s; it printed: %s"
              .formatted(lastStatus, String.join(" / ", log.since(before))));
    }
  }

  /** Waits for the start command in a session that is killed, and runs it in one that is not. */
  private List<String> startCommand() throws IOException {
    return List.of(
        "/usr/bin/setsid",
        "--wait",
        "/bin/sh",
        "-c",
        START,
        "hotspare",
        processes.prepare().toString(),
        log.file().toString(),
        commands.start());
  }

  private void killAll() throws ServiceException, InterruptedException, IOException {
    if (!processes.kill(KILLED_WITHIN)) {
      throw new ServiceException("some of its processes cannot be killed");
    }
  }

  @Override
  public String stop(Deadline deadline) throws ServiceException, InterruptedException, IOException {
    boolean hadProcesses = !processes.isEmpty();
    boolean down = tellsItsStatus() ? isDown(deadline) : !record.isOfThisRun();
    if (!hadProcesses && down) {
      record.remove();
      return "";
    }
    CommandEnd end = shell(commands.stop(), deadline.remaining());
    if (!end.isSuccess() && !hadProcesses && !tellsItsStatus()) {
      throw new ServiceException("its stop command: " + end);
    }
    boolean stopped =
        isDown(deadline) || (end.isSuccess() && deadline.await(() -> isDown(deadline)));
    boolean hasProcesses = !processes.isEmpty();
    killAll();
    record.remove();
    if (stopped) {
      return hasProcesses ? "stopped, and what was left of it was killed" : "stopped";
    }
    Deadline killed = Deadline.after(KILLED_WITHIN);
    if (!killed.await(() -> isDown(killed))) {
      throw new ServiceException(
          "it still runs, as processes that no start command of an agent started; its stop"
              + " command: %s; its status command: %s".formatted(end, lastStatus));
    }
    return "killed; its stop command: " + end;
  }

  /** Whether it does not run; false where that cannot be told. */
  private boolean isDown(Deadline deadline) throws InterruptedException, IOException {
    try {
      return tellsItsStatus() ? !isRunning(deadline) : processes.isEmpty();
    } catch (ServiceException unknown) {
      LOG.debug("{}: {}", commands.stop(), unknown.getMessage());
      return false;
    }
  }
}

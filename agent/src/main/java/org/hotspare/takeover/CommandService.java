package org.hotspare.takeover;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.hotspare.takeover.StatusCommand.Answer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service that is started and stopped by commands, and outlives the agent, see {@link
 * StartCommand}. Whether it runs is what its status command says; where there is none, it runs from
 * its start to its stop. All that the start command started can be killed, see {@link
 * ServiceProcesses}.
 *
 * <p>Invariants: what was begun is recorded until its stop succeeded, whatever became of its start
 * and whoever asks. A stop is left out only where nothing was begun, no process is left, and its
 * status says that it is down; for that may also mean that it runs and is not well. And what was
 * begun is stopped or killed to be started again only when it was not well for some time.
 */
final class CommandService implements ServiceControl {
  private static final Logger LOG = LoggerFactory.getLogger(CommandService.class);

  /** A large one takes its time to give its memory back. */
  private static final Duration KILLED_WITHIN = Duration.ofSeconds(10);

  /** How long what was begun may be down, or not well, before it counts as such. */
  private static final Duration WELL_AGAIN_WITHIN = Duration.ofSeconds(3);

  /** How long the status may say otherwise after all was killed. */
  private static final Duration DOWN_WITHIN = Duration.ofSeconds(1);

  private static final Duration STOP_LEAST = Duration.ofSeconds(1);

  private final Service service;
  private final Service.Commands commands;
  private final Map<String, String> environment;
  private final ServiceProcesses processes;
  private final ServiceRecord record;
  private final ServiceLog log;
  private final StatusCommand status;

  /**
   * @param commands those of the service
   * @param name as of {@link ServiceRecords#id}
   * @param record of the service; its directory is used for what is to be known of the processes
   * @param environment added to this process's own for all commands
   */
  CommandService(
      Service service,
      Service.Commands commands,
      String name,
      ServiceRecord record,
      ServiceLog log,
      Map<String, String> environment) {
    this.service = service;
    this.commands = commands;
    this.environment = environment;
    this.processes = new ServiceProcesses(name, record.file().resolveSibling(name + ".group"));
    this.record = record;
    this.log = log;
    this.status = new StatusCommand(commands.status(), environment);
  }

  @Override
  public boolean isRunning(Deadline deadline) throws ServiceException, InterruptedException {
    return switch (look(deadline)) {
      case RUNNING -> true;
      case DOWN -> false;
      case UNKNOWN ->
          throw new ServiceException(
              status.exists() ? status.last() : "it was begun, and neither started nor stopped");
    };
  }

  private Answer look(Deadline deadline) throws InterruptedException {
    if (status.exists()) {
      return status.ask(deadline);
    }
    if (record.isStarted()) {
      return Answer.RUNNING;
    }
    return record.isBegun() ? Answer.UNKNOWN : Answer.DOWN;
  }

  /** Where it is interrupted, what was begun goes on, and has to be stopped. */
  @Override
  public String start(Deadline deadline)
      throws ServiceException, InterruptedException, IOException {
    log.bound();
    // What waits for a start command is one of them.
    boolean none = processes.isEmpty();
    if (!none && !deadline.await(() -> !processes.isStarting())) {
      killAll();
      throw new ServiceException("a start command of an earlier agent did not end, so killed");
    }
    boolean begun = record.isBegun() || (!none && !processes.isEmpty());
    if (isWell(begun, deadline)) {
      if (!record.isStarted()) {
        // Somebody else started it, and it is to be stopped by this one.
        record.begin(service);
        record.started(!processes.isEmpty());
      }
      return "";
    }
    if (begun) {
      LOG.warn("{} was begun and is not well: it is stopped, and started again", service.name());
      clear(deadline);
    }
    // Before, since nobody could say that it was begun if this agent died meanwhile.
    record.begin(service);
    try {
      runStart(deadline);
    } finally {
      processes.forgetIfGone();
    }
    return "started";
  }

  /**
   * @param begun one bad answer does not count then
   * @throws ServiceException if that cannot be told
   */
  private boolean isWell(boolean begun, Deadline deadline)
      throws ServiceException, InterruptedException, IOException {
    if (!status.exists()) {
      return record.isStarted();
    }
    Deadline patience = deadline.half().orWithin(WELL_AGAIN_WITHIN);
    Answer[] last = new Answer[1];
    patience.await(
        () -> {
          last[0] = status.ask(patience);
          return last[0] == Answer.RUNNING || (last[0] == Answer.DOWN && !begun);
        });
    if (last[0] == Answer.UNKNOWN) {
      throw new ServiceException(status.last());
    }
    return last[0] == Answer.RUNNING;
  }

  /** Ends what is left of an earlier start. */
  private void clear(Deadline deadline) throws ServiceException, InterruptedException, IOException {
    CommandEnd end = shellStop(deadline.half());
    killAll();
    Deadline gone = deadline.half();
    if (status.exists() && !gone.await(() -> status.ask(gone) == Answer.DOWN)) {
      throw new ServiceException(
          "it is not well, and cannot be stopped: its stop command: " + end + "; " + status.last());
    }
    if (!end.isSuccess()) {
      // Nothing is known to run any more, and nobody could ever start it if this were the end.
      LOG.warn("{} is started again though its stop command: {}", service.name(), end);
    }
  }

  private CommandEnd shellStop(Deadline deadline) throws InterruptedException {
    return TimedCommand.shell(commands.stop(), environment, line -> {})
        .await(deadline.remainingAtLeast(STOP_LEAST));
  }

  private void runStart(Deadline deadline)
      throws ServiceException, InterruptedException, IOException {
    long before = log.end();
    CommandEnd end =
        new StartCommand(commands.start(), environment, processes, log, record.startedFile())
            .run(deadline);
    if (!end.isSuccess()) {
      if (end.late()) {
        killAll();
      }
      throw new ServiceException("its start command: " + end);
    }
    record.started(!processes.isEmpty());
    if (status.exists() && !deadline.await(() -> status.ask(deadline) == Answer.RUNNING)) {
      throw new ServiceException(
          "it was started, but %s; it printed: %s"
              .formatted(status.last(), String.join(" / ", log.since(before))));
    }
  }

  private void killAll() throws ServiceException, InterruptedException, IOException {
    if (!processes.kill(KILLED_WITHIN)) {
      throw new ServiceException("some of its processes cannot be killed");
    }
  }

  @Override
  public String stop(Deadline deadline) throws ServiceException, InterruptedException, IOException {
    boolean hadProcesses = !processes.isEmpty();
    boolean isKnown = hadProcesses || record.hadProcesses();
    if (!hadProcesses && !record.isBegun() && look(deadline) == Answer.DOWN) {
      return "";
    }
    boolean mayBeStarting = hadProcesses && !record.isStarted();
    record.stopping();
    Deadline starting = deadline.half();
    if (mayBeStarting && !starting.await(() -> !processes.isStarting())) {
      // Or it would start what the stop command has just stopped.
      killAll();
    }
    CommandEnd end = shellStop(deadline);
    boolean stopped =
        isDown(deadline) || (end.isSuccess() && deadline.await(() -> isDown(deadline)));
    // Without a status command it is down when they are gone, and they were just looked for.
    boolean areGone = stopped && !status.exists();
    boolean hasProcesses = !areGone && !processes.isEmpty();
    if (hasProcesses) {
      killAll();
    } else {
      processes.forgetIfGone();
    }
    if (status.exists()) {
      requireDown(end, isKnown);
    } else if (!end.isSuccess()) {
      throw new ServiceException(
          "its stop command: " + end + (hasProcesses ? "; what was left of it was killed" : ""));
    }
    record.remove();
    if (!stopped) {
      return "killed; its stop command: " + end;
    }
    return hasProcesses ? "stopped, and what was left of it was killed" : "stopped";
  }

  private boolean isDown(Deadline deadline) throws InterruptedException, IOException {
    return status.exists() ? status.ask(deadline) == Answer.DOWN : processes.isEmpty();
  }

  /**
   * After all its known processes were killed.
   *
   * @param isKnown whether it has, or had, processes that are known
   */
  private void requireDown(CommandEnd stop, boolean isKnown)
      throws ServiceException, InterruptedException, IOException {
    Deadline killed = Deadline.after(DOWN_WITHIN);
    Answer[] last = new Answer[1];
    killed.await(
        () -> {
          last[0] = status.ask(killed);
          return last[0] == Answer.DOWN;
        });
    String said = "its stop command: %s; %s".formatted(stop, status.last());
    if (last[0] == Answer.RUNNING) {
      throw new ServiceException(
          "it still runs, as processes that no start command of an agent started; " + said);
    }
    if (last[0] == Answer.UNKNOWN) {
      throw new ServiceException("whether it still runs cannot be told; " + said);
    }
    if (!stop.isSuccess() && !isKnown) {
      throw new ServiceException("it is not well, but may still run; " + said);
    }
  }
}

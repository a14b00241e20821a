package org.hotspare.takeover;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.hotspare.takeover.ServiceReport.Outcome;
import org.hotspare.takeover.ServiceReport.Step;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The services on top of the mirrors, on this machine. They are started in their order and stopped
 * in the opposite one, each within its timeout, and go on when the agent ends, however it does. One
 * that runs is not started a second time, also not by the next agent.
 *
 * <p>Stopping is certain as far as the kernel lets it be: what does not stop in time is killed. Of
 * a unit, systemd knows all processes. Of a service that is started by a command, those are known
 * that its start command left, also in sessions of their own and after the agent died; see {@code
 * docs/configuration.md} for what can escape. Nothing can be killed that waits for a disk which
 * does not answer. So the gate is shut before.
 *
 * <p>Blocks, for as long as the timeouts of all services together and some seconds. Owned by one
 * thread; interrupting it ends what it waits for, and leaves what was begun to the next call.
 */
public final class Services {
  private static final Logger LOG = LoggerFactory.getLogger(Services.class);

  private final List<Controlled> services;
  private final ServiceRecords records;

  /** For what services print. */
  private final Path logs;

  private final Map<String, String> environment;
  private final Path booted;

  private record Controlled(Service service, ServiceControl control) {}

  /** Something that is done to a service. */
  @FunctionalInterface
  private interface Action {
    /**
     * @return what there is to say, empty if nothing was to be done
     */
    String apply(ServiceControl control, Deadline deadline)
        throws ServiceException, InterruptedException, IOException;
  }

  /**
   * @param owner unlike that of any other agent on this machine, such as the names of cluster and
   *     node with a digest of its state directory; without spaces, and fit for a file's name
   * @param records for what has to be known of them until the machine is started anew; there
   *     already, private, and on nothing that waits for a disk, such as in {@code /run}
   * @param logs for what services print; there already, and private
   * @param environment added to this process's own for all commands
   * @throws IllegalArgumentException if two are the same
   */
  public Services(
      List<Service> services,
      String owner,
      Path records,
      Path logs,
      Map<String, String> environment) {
    this(services, owner, records, logs, environment, SystemdUnit.BOOTED);
  }

  /**
   * @param booted as {@link SystemdUnit#BOOTED}
   */
  Services(
      List<Service> services,
      String owner,
      Path records,
      Path logs,
      Map<String, String> environment,
      Path booted) {
    this.records = new ServiceRecords(owner, records);
    this.logs = logs;
    this.environment = Map.copyOf(environment);
    this.booted = booted;
    Set<String> ids = new HashSet<>();
    for (Service service : services) {
      if (!ids.add(this.records.id(service.control()))) {
        throw new IllegalArgumentException("two services " + service.name());
      }
    }
    this.services = services.stream().map(this::controlled).toList();
  }

  private Controlled controlled(Service service) {
    String id = records.id(service.control());
    ServiceRecord record = records.of(service.control());
    ServiceControl control =
        switch (service.control()) {
          case Service.Systemd(String unit) ->
              new SystemdUnit(service, unit, record, environment, booted);
          case Service.Commands commands ->
              new CommandService(service, commands, id, record, log(id), environment);
        };
    return new Controlled(service, control);
  }

  private ServiceLog log(String id) {
    return new ServiceLog(logs.resolve(id + ".log"));
  }

  /**
   * Stops what an earlier configuration had begun, see {@link #stopUnclaimed}; then starts all that
   * do not run, in their order, up to the first that fails: those after it may need it. The caller
   * decides what becomes of those that run then.
   */
  public ServiceReport becomePrimary() throws InterruptedException {
    List<Step> steps = new ArrayList<>();
    stopUnclaimed(steps, Outcome.LEFT_BEHIND);
    startAll(services, steps);
    return new ServiceReport(steps);
  }

  /**
   * Stops those that run on the primary only, in the opposite order, and those that an earlier
   * configuration had begun, whatever fails; then starts those that run on all data nodes and do
   * not run here.
   */
  public ServiceReport becomeStandby() throws InterruptedException {
    List<Step> steps = new ArrayList<>();
    for (Controlled one : services.reversed()) {
      if (one.service().where() == Service.Where.PRIMARY) {
        steps.add(step(one, ServiceControl::stop, "not stopped: "));
      }
    }
    stopUnclaimed(steps, Outcome.FAILED);
    startAll(
        services.stream().filter(one -> one.service().where() == Service.Where.ALL).toList(),
        steps);
    return new ServiceReport(steps);
  }

  /**
   * Stops what was begun and is not in the configuration any more, or with another start command:
   * nobody else would ever stop it.
   *
   * @param failed what it is called if it cannot be stopped
   */
  private void stopUnclaimed(List<Step> steps, Outcome failed) throws InterruptedException {
    Set<String> claimed = new HashSet<>();
    services.forEach(one -> claimed.add(records.id(one.service().control())));
    try {
      for (Service begun : records.begunBeside(claimed)) {
        LOG.info("Service {} is not in the configuration any more", begun.name());
        Step step = step(controlled(begun), ServiceControl::stop, "not stopped: ");
        steps.add(
            step.outcome() == Outcome.FAILED
                ? new Step(step.service(), failed, step.text())
                : step);
      }
    } catch (IOException unreadable) {
      LOG.warn("What was begun earlier is not known: {}", unreadable.toString());
    }
  }

  /**
   * Empties the logs that are longer than 10 MiB: nobody else looks after them. To be called every
   * few seconds, by any thread that may wait for their disk.
   */
  public void boundLogs() throws IOException {
    for (Controlled one : services) {
      log(records.id(one.service().control())).bound();
    }
  }

  private static void startAll(List<Controlled> services, List<Step> steps)
      throws InterruptedException {
    for (Controlled one : services) {
      Step step = step(one, ServiceControl::start, "not started: ");
      steps.add(step);
      if (step.outcome() == Outcome.FAILED) {
        return;
      }
    }
  }

  private static Step step(Controlled one, Action action, String failed)
      throws InterruptedException {
    Service service = one.service();
    Step step;
    try {
      String done = action.apply(one.control(), Deadline.after(service.timeout()));
      step =
          done.isEmpty()
              ? new Step(service.name(), Outcome.UNCHANGED, "as it should be")
              : new Step(service.name(), Outcome.CHANGED, done);
    } catch (ServiceException | IOException why) {
      step = new Step(service.name(), Outcome.FAILED, failed + why.getMessage());
    }
    switch (step.outcome()) {
      case FAILED, LEFT_BEHIND -> LOG.warn("{}", step);
      case CHANGED -> LOG.info("{}", step);
      case UNCHANGED -> LOG.debug("{}", step);
    }
    return step;
  }

  /**
   * Whether each runs, in their order: {@code running}, {@code stopped}, or why that cannot be
   * told. Takes up to five seconds for each.
   */
  public SequencedMap<String, String> states() throws InterruptedException {
    SequencedMap<String, String> states = new LinkedHashMap<>();
    for (Controlled one : services) {
      String state;
      try {
        Deadline deadline = Deadline.after(one.service().timeout());
        state = one.control().isRunning(deadline) ? "running" : "stopped";
      } catch (ServiceException | IOException why) {
        state = "unknown: " + why.getMessage();
      }
      states.put(one.service().name(), state);
    }
    return states;
  }
}

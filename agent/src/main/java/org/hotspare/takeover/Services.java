package org.hotspare.takeover;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
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

  /** By name, in the order in which they are started. */
  private final SequencedMap<String, Controlled> services = new LinkedHashMap<>();

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
   *     node; without spaces, and fit for a file's name
   * @param directory for what services print, and for what has to be known of them later; there
   *     already, and private
   * @param environment added to this process's own for all commands
   * @throws IllegalArgumentException if two are the same
   */
  public Services(
      List<Service> services, String owner, Path directory, Map<String, String> environment) {
    this(services, owner, directory, environment, SystemdUnit.BOOTED);
  }

  /**
   * @param booted as {@link SystemdUnit#BOOTED}
   */
  Services(
      List<Service> services,
      String owner,
      Path directory,
      Map<String, String> environment,
      Path booted) {
    Map<String, String> added = Map.copyOf(environment);
    for (Service service : services) {
      ServiceControl control =
          switch (service.control()) {
            case Service.Systemd systemd -> new SystemdUnit(systemd.unit(), added, booted);
            case Service.Commands commands ->
                new CommandService(commands, owner + "-" + id(commands), directory, added);
          };
      if (this.services.put(service.name(), new Controlled(service, control)) != null) {
        throw new IllegalArgumentException("two services " + service.name());
      }
    }
  }

  /** By its start command, so that it stays the same when others come and go. */
  private static String id(Service.Commands commands) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(commands.start().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 6);
    } catch (NoSuchAlgorithmException impossible) {
      throw new AssertionError("every Java has SHA-256", impossible);
    }
  }

  /**
   * Starts all that do not run, in their order, up to the first that fails: those after it may need
   * it. The caller decides what becomes of those that run then.
   */
  public ServiceReport becomePrimary() throws InterruptedException {
    List<Step> steps = new ArrayList<>();
    startAll(List.copyOf(services.values()), steps);
    return new ServiceReport(steps);
  }

  /**
   * Stops those that run on the primary only, in the opposite order, whatever fails; then starts
   * those that run on all data nodes and do not run here.
   */
  public ServiceReport becomeStandby() throws InterruptedException {
    List<Step> steps = new ArrayList<>();
    for (Controlled one : services.sequencedValues().reversed()) {
      if (one.service().where() == Service.Where.PRIMARY) {
        steps.add(step(one, ServiceControl::stop, "not stopped: "));
      }
    }
    startAll(
        services.values().stream()
            .filter(one -> one.service().where() == Service.Where.ALL)
            .toList(),
        steps);
    return new ServiceReport(steps);
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
      case FAILED -> LOG.warn("{}", step);
      case CHANGED -> LOG.info("{}", step);
      case UNCHANGED -> LOG.debug("{}", step);
    }
    return step;
  }

  /**
   * Whether each runs, in their order: {@code running}, {@code stopped}, or why that cannot be
   * told.
   */
  public SequencedMap<String, String> states() throws InterruptedException {
    SequencedMap<String, String> states = new LinkedHashMap<>();
    for (Controlled one : services.values()) {
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

package org.hotspare.agent;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.hotspare.config.Configuration;
import org.hotspare.config.Node;
import org.hotspare.lease.LeaseLoop;
import org.hotspare.linux.RawClock;
import org.hotspare.takeover.Hooks;
import org.hotspare.takeover.RoleChange;
import org.hotspare.takeover.ServiceAddress;
import org.hotspare.takeover.ServiceReport;
import org.hotspare.takeover.Services;
import org.hotspare.takeover.VirtualAddresses;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a change of role does to this machine, beside its mirrors: the gate, the service addresses,
 * the services and the operator's hooks. Only what the configuration asks for is there.
 *
 * <p>Of the lease's thread only what {@link LeaseLoop.Gate} says; the stages of a change come one
 * after the other, from one thread.
 */
final class Machine implements LeaseLoop.Gate, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Machine.class);
  private static final long TEND_NANOS = 2_000_000_000L;
  private static final String PRIMARY = "primary";

  /** Hooks that take longer hold up no promotion. */
  private static final Duration HOOKS = Duration.ofSeconds(3);

  /** What the kernel does takes microseconds, unless another program has its lock. */
  private static final Duration LIMIT = Duration.ofSeconds(5);

  /** A machine of the same network answers within milliseconds. */
  private static final Duration STRANGERS = Duration.ofSeconds(2);

  private static final String STANDBY = "standby";

  private final ClientGate gate;

  /** Null where there are no service addresses. */
  private final @Nullable VirtualAddresses addresses;

  private final Services services;
  private final Unstopped unstopped = new Unstopped();
  private final Hooks hooks;
  private final String cluster;
  private final String node;
  private final Duration lease;
  private final Consumer<String> told;
  private final Consumer<String> problems;

  /** Of the thread that tends. */
  private long tendedNanos = System.nanoTime();

  /** Whether they stay whatever becomes of lease and agent. */
  private volatile boolean addressesHeld;

  /** Whether this machine was made a primary's, and not a standby's since. */
  private volatile boolean primary;

  private Machine(
      Configuration configuration,
      Node self,
      Duration lease,
      ClientGate gate,
      @Nullable VirtualAddresses addresses,
      Consumer<String> told,
      Consumer<String> problems)
      throws IOException {
    this.gate = gate;
    this.addresses = addresses;
    this.services = ConfiguredTakeover.services(configuration, self);
    this.hooks = ConfiguredTakeover.hooks(configuration, self);
    this.cluster = configuration.cluster();
    this.node = self.name();
    this.lease = lease;
    this.told = told;
    this.problems = problems;
  }

  /**
   * Takes over what an agent before this one has left: nothing is changed yet but that a gate is
   * made where there is none.
   *
   * @param held whether the lease is held at this instant
   * @param told sentences about addresses and services
   * @param problems sentences about what failed and stopped nothing
   * @throws IOException if this machine cannot have what the configuration asks for
   */
  static Machine open(
      Configuration configuration,
      Node self,
      Duration lease,
      BooleanSupplier held,
      Consumer<String> told,
      Consumer<String> problems)
      throws IOException {
    ClientGate gate = ClientGate.of(configuration);
    try {
      VirtualAddresses addresses = addresses(configuration, self, gate, held, told);
      return new Machine(configuration, self, lease, gate, addresses, told, problems);
    } catch (IOException | RuntimeException e) {
      gate.close();
      throw e;
    }
  }

  private static @Nullable VirtualAddresses addresses(
      Configuration configuration,
      Node self,
      ClientGate gate,
      BooleanSupplier held,
      Consumer<String> told)
      throws IOException {
    List<ServiceAddress> wanted =
        configuration.takeover().addresses().stream().map(ServiceAddress::parse).toList();
    if (wanted.isEmpty()) {
      return null;
    }
    String own = self.networkInterface();
    return VirtualAddresses.open(
        own.isEmpty() ? configuration.takeover().networkInterface() : own,
        wanted,
        () -> held.getAsBoolean() || gate.isHeld(),
        told);
  }

  ClientGate gate() {
    return gate;
  }

  /** Whether the agent before this one left the machine as a primary's, as far as is known. */
  void wasLeft(boolean asPrimary) {
    primary = asPrimary;
  }

  // ---- what the lease does

  @Override
  public void arm(long epoch, long round, long validityNanos) throws IOException {
    gate.arm(epoch, round, validityNanos);
  }

  @Override
  public void select(long epoch, long round) throws IOException {
    gate.select(epoch, round);
    if (addresses != null) {
      addresses.extend(lease);
    }
  }

  @Override
  public void shut() throws IOException {
    gate.shut();
  }

  // ---- becoming primary

  /** Behind the shut gate. */
  void addAddresses(long epoch) throws IOException, InterruptedException {
    primary = true;
    unstopped.over();
    Thread hooking = later(() -> report(hooks.before(change(epoch, STANDBY, PRIMARY))));
    if (!hooking.join(HOOKS)) {
      problems.accept("the hooks before the change take long: it goes on beside them");
    }
    if (addresses != null) {
      addressesHeld = false;
      await(addresses.raise(lease));
      if (gate.isHeld()) {
        // As it was left by the agent before, while hands are off.
        holdAddresses(addresses);
      }
    }
  }

  private void holdAddresses(VirtualAddresses all) throws IOException, InterruptedException {
    await(all.hold());
    addressesHeld = true;
  }

  void startServices() throws IOException, InterruptedException {
    require(services.becomePrimary());
  }

  void announce(long epoch) throws IOException, InterruptedException {
    if (addresses != null) {
      await(addresses.announce());
      askForStrangers(addresses);
    }
    var _ = later(() -> report(hooks.after(change(epoch, STANDBY, PRIMARY))));
  }

  /**
   * A machine that has had the addresses for long says nothing by itself. Its answer is heard where
   * all claims are: it is reported, and they are announced anew.
   */
  private static void askForStrangers(VirtualAddresses all) {
    var _ =
        later(
            () -> {
              try {
                all.probe(STRANGERS);
              } catch (IOException e) {
                LOG.warn("whether another machine has the addresses is not known", e);
              }
            });
  }

  // ---- becoming a standby

  /** Nothing that an operator's command does may hold this up. */
  void stopServices(long epoch) throws IOException, InterruptedException {
    if (primary) {
      var _ = later(() -> report(hooks.before(change(epoch, PRIMARY, STANDBY))));
    }
    stopServices();
  }

  private void stopServices() throws IOException, InterruptedException {
    try {
      require(services.becomeStandby());
    } catch (IOException e) {
      notStopped(String.valueOf(e.getMessage()));
      throw e;
    } catch (InterruptedException e) {
      notStopped("it took too long");
      throw e;
    }
    int failures = unstopped.over();
    if (failures > 0) {
      told.accept(
          "the services are stopped now, after %d attempts that failed".formatted(failures));
    }
  }

  private void notStopped(String why) {
    if (unstopped.problem().isEmpty()) {
      problems.accept("the services could not be stopped, which is tried again: " + why);
    }
    unstopped.failed(why, RawClock.monotonicRawNanos());
  }

  /** Whether services that could not be stopped are to be stopped once more. */
  boolean isToStopAgain() {
    return unstopped.isDue(RawClock.monotonicRawNanos());
  }

  /** As {@link #stopServices(long)}, of a node that has been a standby since that failed. */
  void stopServicesAgain() throws InterruptedException {
    try {
      stopServices();
    } catch (IOException e) {
      LOG.warn("the services could not be stopped once more: {}", e.getMessage());
    }
  }

  /** What is wrong with the services; empty where nothing is. */
  String troubleWithServices() {
    return unstopped.problem();
  }

  void removeAddresses(long epoch) throws IOException, InterruptedException {
    if (addresses != null) {
      await(addresses.lower());
    }
    if (primary) {
      primary = false;
      var _ = later(() -> report(hooks.after(change(epoch, PRIMARY, STANDBY))));
    }
  }

  // ---- hands off

  /** Clients are let in whatever becomes of lease and agent. */
  void hold(long epoch) throws IOException, InterruptedException {
    gate.hold(epoch);
    if (addresses != null) {
      holdAddresses(addresses);
    }
  }

  void free(ClientGate.LeaseHeld leaseHeld) throws IOException {
    if (addresses != null) {
      addressesHeld = false;
      addresses.release(lease);
    }
    gate.free(leaseHeld);
  }

  /**
   * To be called every now and then, by one thread: what somebody took away is made anew, so that
   * nobody but a primary lets clients in, and what services print does not fill the disk.
   */
  void tend() {
    long now = System.nanoTime();
    if (now - tendedNanos < TEND_NANOS) {
      return;
    }
    tendedNanos = now;
    try {
      gate.mend();
    } catch (IOException e) {
      LOG.error("the gate was lost and cannot be made anew", e);
    }
    holdAddressesToo();
    var _ =
        later(
            () -> {
              try {
                services.boundLogs();
              } catch (IOException e) {
                LOG.warn("the logs of services cannot be bounded: {}", e.getMessage());
              }
            });
  }

  /** Where that failed when the gate was held, or has not been tried since a start. */
  private void holdAddressesToo() {
    if (addresses == null || addressesHeld || !gate.isHeld()) {
      return;
    }
    if (addresses.addressLeft().isPresent()) {
      try {
        holdAddresses(addresses);
      } catch (IOException e) {
        LOG.warn("the addresses cannot be held as the gate is: {}", e.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private RoleChange change(long epoch, String from, String to) {
    return new RoleChange(cluster, node, epoch, from, to);
  }

  private static void await(Future<?> order) throws IOException, InterruptedException {
    try {
      order.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException("the kernel did not do it within " + LIMIT.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      throw new IOException(
          Optional.ofNullable(e.getCause()).map(Throwable::getMessage).orElse(e.getMessage()), e);
    }
  }

  private static void require(ServiceReport report) throws IOException {
    Optional<ServiceReport.Step> failure = report.failure();
    if (failure.isPresent()) {
      throw new IOException(failure.get().toString());
    }
  }

  private void report(List<String> failures) {
    failures.forEach(problems);
  }

  private interface Hooking {
    void run() throws InterruptedException;
  }

  /** In a thread of its own: hooks see to it themselves that they come one after the other. */
  private static Thread later(Hooking work) {
    return Thread.ofVirtual()
        .name("hooks")
        .start(
            () -> {
              try {
                work.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } catch (RuntimeException e) {
                LOG.error("a hook could not be run", e);
              }
            });
  }

  /** Leaves everything as it is; what goes by the lease ends with it. */
  @Override
  public void close() {
    if (addresses != null) {
      addresses.close();
    }
    gate.close();
  }
}

package org.hotspare.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.hotspare.admin.EventLog;
import org.hotspare.admin.Status;
import org.hotspare.config.Configuration;
import org.hotspare.config.Node;
import org.hotspare.config.Service;
import org.hotspare.failover.Action;
import org.hotspare.failover.Order;
import org.hotspare.failover.Report;
import org.hotspare.failover.Settings;
import org.hotspare.failover.Timing;
import org.hotspare.lease.ClusterRecord;
import org.hotspare.lease.LeaseLoop;
import org.hotspare.lease.LeaseTimes;
import org.hotspare.lease.PeerLinks;
import org.hotspare.lease.Roles;
import org.hotspare.linux.RawClock;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node has where a lease says who is primary: its part in record and lease, and, on a data
 * node, the loop that decides about its role. A witness votes and tells others what it sees.
 */
final class LeasedRoles implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LeasedRoles.class);

  /** What stopping and starting takes beside the services' own time: killing what does not stop. */
  private static final Duration KILLING = Duration.ofSeconds(15);

  /** Two barriers, one before the gate is shut, and an election. */
  private static final Duration BARRIERS_AND_VOTES = Duration.ofSeconds(40);

  private final String self;

  /** Before the cluster's record names them. */
  private final Set<String> configuredVoters;

  private final Membership membership;
  private final Reporting reporting;
  private final HealthWatch health;
  private final Telling telling;

  /** Null on a witness, as the loop is. */
  private final @Nullable Machine machine;

  private final @Nullable RoleLoop loop;

  /** How long the end of a primary may be held up by handing over. */
  private final Duration handingOver;

  private LeasedRoles(
      String self,
      Set<String> configuredVoters,
      Membership membership,
      Reporting reporting,
      HealthWatch health,
      Telling telling,
      @Nullable Machine machine,
      @Nullable RoleLoop loop,
      Duration handingOver) {
    this.self = self;
    this.configuredVoters = Set.copyOf(configuredVoters);
    this.membership = membership;
    this.telling = telling;
    this.health = health;
    this.machine = machine;
    this.reporting = reporting;
    this.loop = loop;
    this.handingOver = handingOver;
  }

  /**
   * Takes part from now on.
   *
   * @param initiator whether the cluster was made on this node
   * @throws IOException if what this node remembers cannot be read
   */
  static LeasedRoles start(
      Configuration configuration,
      Node self,
      boolean initiator,
      Mirrors mirrors,
      EventLog events,
      PeerLinks.Connecting connecting)
      throws IOException {
    Duration duration = Objects.requireNonNull(configuration.lease());
    CompletableFuture<Membership> joined = new CompletableFuture<>();
    Telling telling = new Telling(events);
    @Nullable Machine machine =
        self.holdsData()
            ? Machine.open(
                configuration,
                self,
                duration,
                () -> joined.isDone() && joined.join().lease().heldEpoch() != 0,
                telling::role,
                telling::problem)
            : null;
    Turning turning = new Turning();
    HealthWatch health =
        HealthWatch.start(
            configuration,
            self.name(),
            turning.after(telling::disk),
            turning.after(telling::problem));
    @Nullable RoleLoop loop =
        machine == null
            ? null
            : new RoleLoop(
                settings(configuration, self, duration),
                initiator,
                mirrors,
                machine,
                health,
                telling,
                new DampingFile(configuration.state().resolve("damping")),
                ConfiguredTakeover.fence(configuration, self).orElse(null));
    Membership membership;
    try {
      membership =
          Membership.start(
              configuration,
              self,
              LeaseTimes.of(duration),
              machine == null ? new NoGate() : machine,
              connecting,
              listeners(loop, health, telling, joined));
    } catch (IOException | RuntimeException e) {
      health.close();
      if (machine != null) {
        machine.close();
      }
      telling.close();
      throw e;
    }
    joined.complete(membership);
    String known = membership.record().current().roles().primary();
    health.primaryIs(known);
    if (machine != null) {
      machine.wasLeft(known.equals(self.name()));
    }
    Reporting reporting =
        new Reporting(
            membership,
            configuration.othersThan(self),
            Timing.of(duration).fresh(),
            () -> report(loop, health, membership),
            (node, told) -> hear(loop, membership, node, told));
    if (loop != null) {
      loop.start(membership, reporting::now);
    }
    // A witness decides nothing: what its checks say it tells at once itself.
    turning.runs(loop == null ? reporting::now : loop::wake);
    reporting.start();
    Duration handingOver = ofServices(configuration).multipliedBy(2).plus(BARRIERS_AND_VOTES);
    return new LeasedRoles(
        self.name(),
        configuration.voters(),
        membership,
        reporting,
        health,
        telling,
        machine,
        loop,
        handingOver);
  }

  /**
   * Fixed roles open epochs that no record knows of: a lease that follows them begins with a new
   * one. What a voter promised stays.
   */
  static void setRecordAside(Path state) throws IOException {
    for (String name : List.of("founding", "record", "known-record")) {
      Path aside = state.resolve(name + ".before");
      if (Files.exists(state.resolve(name))) {
        Trial.removeTree(aside);
        Files.move(state.resolve(name), aside);
      }
    }
  }

  /** What is done when a check turns, once it is known. */
  private static final class Turning {
    private volatile Runnable action = () -> {};

    void runs(Runnable what) {
      action = what;
    }

    Consumer<String> after(Consumer<String> telling) {
      return text -> {
        telling.accept(text);
        action.run();
      };
    }
  }

  private static Settings settings(Configuration configuration, Node self, Duration duration) {
    Set<String> dataNodes =
        configuration.nodes().values().stream()
            .filter(Node::holdsData)
            .map(Node::name)
            .collect(Collectors.toSet());
    Set<String> candidates =
        configuration.nodes().values().stream()
            .filter(node -> node.holdsData() && node.promotable())
            .map(Node::name)
            .collect(Collectors.toSet());
    return new Settings(
        self.name(),
        dataNodes,
        candidates,
        configuration.voters(),
        configuration.failover().automatic(),
        configuration.failover().maxLag(),
        configuration.fence().isConfigured(),
        Timing.of(duration)
            .withServices(ofServices(configuration))
            .withFence(configuration.fence().timeout().plus(KILLING)));
  }

  /** One after the other each may take its whole time. */
  private static Duration ofServices(Configuration configuration) {
    return configuration.takeover().services().stream()
        .map(Service::timeout)
        .reduce(KILLING, Duration::plus);
  }

  private static Membership.Listeners listeners(
      @Nullable RoleLoop loop,
      HealthWatch health,
      Telling telling,
      CompletableFuture<Membership> joined) {
    Consumer<ClusterRecord.Version> learning =
        version -> {
          health.primaryIs(version.roles().primary());
          if (loop != null) {
            loop.learn();
          }
        };
    LeaseLoop.Listener lease = loop == null ? new OnlyVotes() : loop;
    return new Membership.Listeners(
        lease,
        learning,
        telling::role,
        telling::problem,
        (from, content) -> {
          if (!joined.isDone()) {
            throw new IOException("the record is being opened");
          }
          Membership membership = joined.join();
          hear(loop, membership, from, ReportCodec.decode(content));
          return ReportCodec.encode(
              report(loop, health, membership), membership.record().founding());
        });
  }

  private static void hear(
      @Nullable RoleLoop loop, Membership membership, String node, ReportCodec.Told told) {
    if (loop != null) {
      loop.hear(node, told.report());
    }
    membership.hear(node, told);
  }

  private static Report report(@Nullable RoleLoop loop, HealthWatch health, Membership membership) {
    if (loop != null) {
      return loop.report();
    }
    long epoch = membership.record().current().roles().epoch();
    return new Report(epoch, 0, Map.of(), "it holds no mirrors", "", health.failing());
  }

  /** A witness never stands, so it is told nothing. */
  static final class OnlyVotes implements LeaseLoop.Listener {
    @Override
    public void endorsed(long epoch) {}

    @Override
    public void notEndorsed(long epoch, String reason) {}

    @Override
    public void holds(long epoch) {}

    @Override
    public void over(long epoch, String reason) {}

    @Override
    public void freed() {}
  }

  /** Hears and answers what another node says over a link that it made, until that ends. */
  void serve(Link link, Frame first) throws IOException {
    membership.serve(link, first);
  }

  /** The voters that this node cannot hear; empty where those that it can are a majority. */
  Set<String> missingMajority() {
    Set<String> recorded = membership.record().current().roles().voters();
    Set<String> voters = recorded.isEmpty() ? configuredVoters : recorded;
    Set<String> silent = new TreeSet<>(voters);
    silent.removeAll(reporting.heard());
    silent.remove(self);
    return 2 * (voters.size() - silent.size()) > voters.size() ? Set.of() : silent;
  }

  /** Who is primary, as far as this node knows; empty where it knows of none. */
  String primary() {
    return membership.record().current().roles().primary();
  }

  /** The epoch of the cluster's record. */
  long epoch() {
    return membership.record().current().roles().epoch();
  }

  /** Whose standby this node is; empty where nobody's. */
  String followed() {
    return loop == null ? "" : loop.followed();
  }

  /** Whether this node holds the lease at this instant, or serves without one: hands are off. */
  boolean isPrimary() {
    return membership.lease().heldEpoch() != 0 || isHeld();
  }

  /**
   * The same, but that it lets clients in: not yet while it is promoted, nor while it hands over.
   */
  boolean serves() {
    boolean settled = loop != null && loop.isSettledPrimary();
    return (settled && membership.lease().heldEpoch() != 0) || isHeld();
  }

  private boolean isHeld() {
    return machine != null && machine.gate().isHeld();
  }

  /** See {@link ClientGate#state}. */
  String gate() {
    return machine == null ? "none" : machine.gate().state();
  }

  List<Status.CheckStatus> checks() {
    List<Status.CheckStatus> checks = new ArrayList<>(health.statuses());
    String trouble = machine == null ? "" : machine.troubleWithServices();
    if (!trouble.isEmpty()) {
      checks.add(new Status.CheckStatus("services", false, trouble));
    }
    return checks;
  }

  Status.LeaseStatus status() {
    Roles known = membership.record().current().roles();
    String alone = Reunion.words(membership.record().founding(), configuredVoters);
    return new Status.LeaseStatus(
        known.primary(),
        membership.lease().remaining().toMillis(),
        List.copyOf(known.promotable()),
        alone.isEmpty() ? null : alone);
  }

  /** For which standbys a barrier has to wait; empty where this node confirms nothing. */
  Optional<Set<String>> awaited() {
    return loop == null ? Optional.empty() : loop.awaited();
  }

  /** The answer to what was asked for is not waited for any more. */
  void withdraw(Order order) {
    if (loop != null) {
      loop.withdraw(order);
    }
  }

  /** Asks the policy for something. */
  CompletableFuture<Action.Answer> ask(Order order) {
    return loop == null
        ? CompletableFuture.completedFuture(
            new Action.Answer(false, "a witness has no role that could change"))
        : loop.ask(order);
  }

  /** A primary hands over first. */
  void stop() {
    try {
      Action.Answer answer =
          ask(new Order.Stop(RawClock.monotonicRawNanos()))
              .get(handingOver.toMillis(), TimeUnit.MILLISECONDS);
      LOG.info("before the end: {}", answer.reason());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("it ends without having handed over: {}", e.toString());
    }
  }

  @Override
  public void close() throws IOException {
    reporting.close();
    health.close();
    if (loop != null) {
      loop.close();
    }
    try {
      // The lease shuts it.
      membership.close();
    } finally {
      if (machine != null) {
        machine.close();
      }
      telling.close();
    }
  }
}

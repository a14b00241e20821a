package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Role;
import org.hotspare.admin.Status;
import org.hotspare.admin.WaitResult;
import org.hotspare.testing.FreePorts;
import org.hotspare.testing.Judge;
import org.hotspare.testing.Network;
import org.hotspare.wire.Certificates;

/** Two data nodes and a witness with a lease, as three processes. */
final class Trio implements AutoCloseable {
  static final List<String> NODES = List.of("alpha", "beta", "gamma");
  static final List<String> DATA_NODES = List.of("alpha", "beta");
  private static final Duration LIMIT = Duration.ofSeconds(90);

  private final Path base;
  private final Map<String, AgentProcess> agents = new LinkedHashMap<>();

  /** Where each answers HTTP; empty where none does. */
  private final Map<String, Integer> apis = new LinkedHashMap<>();

  private Trio(Path base) {
    this.base = base;
  }

  /** Makes them; nothing runs yet, and only alpha has its certificate. */
  static Trio make(Path base, Duration lease) throws IOException {
    return make(base, lease, "", _ -> List.of());
  }

  /**
   * The same.
   *
   * @param more what their configuration says beside
   * @param before what is put before the command of each agent
   */
  static Trio make(Path base, Duration lease, String more, Function<String, List<String>> before)
      throws IOException {
    List<String> addresses = FreePorts.take(NODES.size()).stream().map(Trio::onLoopback).toList();
    List<Integer> apis = FreePorts.take(NODES.size());
    Trio trio =
        make(
            base,
            lease,
            addresses,
            node ->
                "api: {listen: \"%s\"}\n%s"
                    .formatted(onLoopback(apis.get(NODES.indexOf(node))), more),
            before);
    NODES.forEach(node -> trio.apis.put(node, apis.get(NODES.indexOf(node))));
    return trio;
  }

  private static String onLoopback(int port) {
    return "127.0.0.1:" + port;
  }

  /**
   * Each on its host of a network.
   *
   * @param more what their configuration says beside
   */
  static Trio make(Path base, Duration lease, Network network, String more) throws IOException {
    List<String> addresses = NODES.stream().map(node -> network.address(node) + ":7400").toList();
    return make(base, lease, addresses, _ -> more, network::on);
  }

  private static Trio make(
      Path base,
      Duration lease,
      List<String> addresses,
      Function<String, String> more,
      Function<String, List<String>> before)
      throws IOException {
    Trio trio = new Trio(base);
    for (String node : NODES) {
      Files.createDirectories(trio.state(node));
      Files.createDirectories(trio.tree(node));
      String text =
          """
          cluster: test
          nodes:
            alpha: {address: %s}
            beta: {address: %s, paths: {www: %s}}
            gamma: {address: %s, witness: true}
          lease: {duration: %dms}
          mirrors:
            www: {path: %s}
          state: %s
          guard: {deletions: 1000000, share: 100%%, within: 60s}
          %s
          """
              .formatted(
                  addresses.get(0),
                  addresses.get(1),
                  trio.tree("beta"),
                  addresses.get(2),
                  lease.toMillis(),
                  trio.tree("alpha"),
                  trio.state(node),
                  more.apply(node));
      trio.agents.put(
          node, new AgentProcess(node, base, text, trio.state(node), before.apply(node)));
    }
    var own = Certificates.init(trio.state("alpha").resolve("tls"), "test", "alpha");
    assertThat(own.isFounder()).isTrue();
    return trio;
  }

  /** Starts all, and has the others join. */
  Trio start() throws Exception {
    agent("alpha").start();
    await("alpha runs", LIMIT, () -> agent("alpha").says("started as"));
    for (String node : List.of("beta", "gamma")) {
      String token = agent("alpha").client().invite(node).token();
      agent(node).run(Joining.class, token, state(node).resolve("tls").toString());
      agent(node).start();
    }
    return this;
  }

  /** The same, and waits until {@link #awaitReady they are ready}; where it fails it says why. */
  Trio startReady() throws Exception {
    watch(
        () -> {
          start();
          awaitReady();
        });
    return this;
  }

  /** Those that a test has left stopped, as where it failed. */
  void startAgain() throws IOException {
    for (AgentProcess agent : agents.values()) {
      agent.startIfEnded();
    }
  }

  AgentProcess agent(String node) {
    return Objects.requireNonNull(agents.get(node), node);
  }

  Path tree(String node) {
    return base.resolve(node).resolve("tree");
  }

  Path state(String node) {
    return base.resolve(node).resolve("state");
  }

  /** The one of those nodes that says that it is primary; empty where none does. */
  String primaryOf(List<String> nodes) {
    List<String> primaries = new ArrayList<>();
    for (String node : nodes) {
      try {
        Status status = agent(node).client().status();
        if (status.role() == Role.PRIMARY) {
          primaries.add(node);
        }
      } catch (CommandFailure e) {
        // It does not run, or does not answer yet.
      }
    }
    assertThat(primaries).as("primaries").hasSizeLessThanOrEqualTo(1);
    return primaries.isEmpty() ? "" : primaries.getFirst();
  }

  /** The data node that is not that one. */
  static String other(String dataNode) {
    return DATA_NODES.get(1 - DATA_NODES.indexOf(dataNode));
  }

  /** Waits until a data node is primary, and returns which. */
  String awaitAPrimary() throws InterruptedException {
    await("a primary", LIMIT, () -> !primaryOf(DATA_NODES).isEmpty());
    return primaryOf(DATA_NODES);
  }

  /** The same, and until the other may take over. */
  String awaitSettled() throws InterruptedException {
    String primary = awaitAPrimary();
    awaitPromotable(primary, other(primary));
    return primary;
  }

  void awaitPrimary(String node) throws InterruptedException {
    await(node + " is primary", LIMIT, () -> primaryOf(List.of(node)).equals(node));
  }

  /** Waits until alpha is primary, beta may be promoted, and gamma can have a say in that. */
  void awaitReady() throws InterruptedException {
    awaitPrimary("alpha");
    awaitPromotable("alpha", "beta");
    // Who knows nothing yet of the cluster's record has no vote in it.
    await("gamma knows the record", LIMIT, () -> epochAt("gamma") > 0);
  }

  long epochAt(String node) {
    try {
      return agent(node).client().status().epoch();
    } catch (CommandFailure notYet) {
      return 0;
    }
  }

  /** Waits until the other follows the primary, has everything and may take over. */
  void awaitPromotable(String leader, String follower) throws InterruptedException {
    awaitPromotable(leader, follower, LIMIT);
  }

  void awaitPromotable(String leader, String follower, Duration limit) throws InterruptedException {
    Steady may = new Steady(() -> mayTakeOver(leader, follower));
    await(follower + " may be promoted", limit, may::isSo);
  }

  /**
   * Whether something has been so for a while. That a standby has been away for too long is written
   * a moment after it was decided, though it may have come back meanwhile.
   */
  private static final class Steady {
    private static final long FOR_NANOS = 500_000_000;

    private final BooleanSupplier condition;
    private long sinceNanos;
    private boolean before;

    Steady(BooleanSupplier condition) {
      this.condition = condition;
    }

    boolean isSo() {
      boolean now = condition.getAsBoolean();
      if (now && !before) {
        sinceNanos = System.nanoTime();
      }
      before = now;
      return now && System.nanoTime() - sinceNanos >= FOR_NANOS;
    }
  }

  private boolean mayTakeOver(String leader, String follower) {
    try {
      Status status = agent(leader).client().status();
      Status.LeaseStatus lease = status.lease();
      boolean promotable = lease != null && lease.promotable().contains(follower);
      return promotable
          && status.role() == Role.PRIMARY
          && status.mirrors().stream()
              .flatMap(mirror -> mirror.standbys().stream())
              .anyMatch(one -> one.node().equals(follower) && one.connected());
    } catch (CommandFailure notYet) {
      return false;
    }
  }

  /** Those that a node calls promotable; none while it does not answer. */
  List<String> promotableAt(String node) {
    try {
      Status.LeaseStatus lease = agent(node).client().status().lease();
      return lease == null ? List.of() : lease.promotable();
    } catch (CommandFailure notYet) {
      return List.of();
    }
  }

  void barrier(String primary) {
    try {
      WaitResult result = agent(primary).client().waitForStandbys(LIMIT);
      assertThat(result.missing()).as("barrier on %s", primary).isEmpty();
    } catch (CommandFailure e) {
      throw new AssertionError("barrier on " + primary, e);
    }
  }

  void assertSame() {
    Judge.assertSameTree(tree("alpha"), tree("beta"), LIMIT);
  }

  /** From now on the data nodes are asked over HTTP whether they are primary. */
  PrimaryPolls pollPrimaries() {
    Map<String, Integer> ports = new LinkedHashMap<>(apis);
    ports.keySet().retainAll(DATA_NODES);
    return PrimaryPolls.start(ports);
  }

  /** What a test does with them. */
  @FunctionalInterface
  interface Scenario {
    void run() throws Exception;
  }

  /** Goes through it; where it fails, it says what all have logged last. */
  void watch(Scenario scenario) throws Exception {
    try {
      scenario.run();
    } catch (AssertionError e) {
      throw withLogs(e);
    }
  }

  /** A failure with what all logged last. */
  AssertionError withLogs(Throwable e) {
    StringBuilder logs = new StringBuilder(String.valueOf(e.getMessage()));
    agents.forEach(
        (node, agent) ->
            logs.append("\n--- ")
                .append(node)
                .append('\n')
                .append(agent.recentLog())
                .append(events(node)));
    return new AssertionError(logs.toString(), e);
  }

  /** Whether that node's audit log has it. */
  boolean tells(String node, String text) {
    return events(node).contains(text);
  }

  /** That node's audit log, an event in JSON in each line. */
  String events(String node) {
    try {
      return Files.readString(state(node).resolve("events.jsonl"));
    } catch (IOException e) {
      return "events cannot be read: " + e;
    }
  }

  @Override
  public void close() {
    agents.values().forEach(AgentProcess::close);
  }
}

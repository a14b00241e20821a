package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.hotspare.admin.MirrorStatus;
import org.hotspare.admin.Status;
import org.hotspare.admin.WaitResult;
import org.hotspare.admin.WrongRequest;
import org.hotspare.config.Configuration;
import org.hotspare.testing.Await;
import org.hotspare.testing.FreePorts;
import org.hotspare.testing.Judge;
import org.hotspare.testing.Relay;
import org.hotspare.wire.Admission;
import org.hotspare.wire.Certificates;
import org.hotspare.wire.Connector;
import org.hotspare.wire.JoinToken;
import org.hotspare.wire.Link;
import org.hotspare.wire.LinkOptions;
import org.jspecify.annotations.Nullable;

/**
 * A primary and a standby in this process, connected by TLS on loopback, each with a tree and a
 * state directory wherever the test wants them.
 */
public final class TestPair implements AutoCloseable {
  public static final Duration LIMIT = Await.LIMIT;

  private final Side alpha;
  private final Side beta;

  /** One node: its directories, and its agent while it runs. */
  public static final class Side {
    final Path tree;
    final Path state;
    final Configuration configuration;
    final String name;
    @Nullable Agent agent;

    Side(String name, Path tree, Path state, Configuration configuration) {
      this.name = name;
      this.tree = tree;
      this.state = state;
      this.configuration = configuration;
    }

    public Path tree() {
      return tree;
    }

    public Path state() {
      return state;
    }

    public void start() throws IOException {
      try {
        agent = Agent.start(configuration, configuration.node(name));
      } catch (org.hotspare.config.ConfigurationException e) {
        throw new IOException(e);
      }
    }

    public void stop() throws IOException {
      Agent running = agent;
      agent = null;
      if (running != null) {
        running.close();
      }
    }

    public Agent agent() {
      Agent running = agent;
      if (running == null) {
        throw new IllegalStateException(name + " does not run");
      }
      return running;
    }

    public AgentOperations operations() {
      return new AgentOperations(agent());
    }

    public MirrorStatus mirror() {
      Status status = operations().status();
      return status.mirrors().getFirst();
    }

    /** Whether status has a problem of the path, with these words in its reason. */
    public boolean shows(String path, String reason) {
      return mirror().problems().stream()
          .anyMatch(p -> p.path().equals(path) && p.reason().contains(reason));
    }
  }

  private final @Nullable Relay relay;

  private TestPair(Side alpha, Side beta, @Nullable Relay relay) {
    this.alpha = alpha;
    this.beta = beta;
    this.relay = relay;
  }

  /**
   * Makes the pair; nothing runs yet.
   *
   * @param base an empty directory, for what is not said to lie elsewhere
   * @param alphaTree the primary's root; made where it is missing
   * @param extra further lines of the configuration
   */
  public static TestPair make(
      Path base, Path alphaTree, Path betaTree, String mirrorExtra, String extra)
      throws IOException {
    List<Integer> ports = FreePorts.take(2);
    return make(base, alphaTree, betaTree, mirrorExtra, extra, new Network(ports, ports, "", null));
  }

  /** As {@link #make(Path)}, with a network between the nodes that a test can look at and cut. */
  public static TestPair withRelay(Path base) throws IOException {
    return withRelay(base, "");
  }

  /**
   * @param extra what the configuration says beside
   */
  static TestPair withRelay(Path base, String extra) throws IOException {
    List<Integer> ports = FreePorts.take(2);
    Relay relay = Relay.to(ports.getFirst());
    List<Integer> seenByBeta = List.of(relay.port(), ports.getLast());
    return make(base, extra, new Network(ports, seenByBeta, "", relay));
  }

  /** As {@link #make(Path)}, where little may be sent to the standby. */
  public static TestPair withBandwidth(Path base, String toBeta) throws IOException {
    List<Integer> ports = FreePorts.take(2);
    return make(base, "", new Network(ports, ports, ", bandwidth: " + toBeta, null));
  }

  /**
   * What is between the nodes.
   *
   * @param ports of both as the primary's configuration has them
   * @param seenByBeta the same as the standby's has them
   * @param ofBeta what else the configuration says of the standby
   */
  private record Network(
      List<Integer> ports, List<Integer> seenByBeta, String ofBeta, @Nullable Relay relay) {}

  private static TestPair make(Path base, String extra, Network network) throws IOException {
    return make(base, base.resolve("alpha/tree"), base.resolve("beta/tree"), "", extra, network);
  }

  private static TestPair make(
      Path base, Path alphaTree, Path betaTree, String mirrorExtra, String extra, Network network)
      throws IOException {
    List<Integer> ports = network.ports;
    List<Integer> seen = network.seenByBeta;
    String ofBeta = ", paths: {www: %s}%s".formatted(betaTree, network.ofBeta);
    Side alpha = side(base, "alpha", alphaTree, ports, ofBeta, mirrorExtra, extra);
    Side beta = side(base, "beta", alphaTree, seen, ofBeta, mirrorExtra, extra);
    return of(alpha, beta, network.relay);
  }

  /** As {@link #withRelay}, where each side has an HTTP interface at a port of loopback. */
  static TestPair withApis(Path base, int alphaPort, int betaPort) throws IOException {
    List<Integer> ports = FreePorts.take(2);
    Relay relay = Relay.to(ports.getFirst());
    List<Integer> seenByBeta = List.of(relay.port(), ports.getLast());
    Path tree = base.resolve("alpha/tree");
    String ofBeta = ", paths: {www: %s}".formatted(base.resolve("beta/tree"));
    String api = "api: {listen: \"127.0.0.1:%d\"}";
    return of(
        side(base, "alpha", tree, ports, ofBeta, "", api.formatted(alphaPort)),
        side(base, "beta", tree, seenByBeta, ofBeta, "", api.formatted(betaPort)),
        relay);
  }

  private static TestPair of(Side alpha, Side beta, @Nullable Relay relay) throws IOException {
    Files.createDirectories(alpha.tree);
    Files.createDirectories(beta.tree);
    Certificates own = Certificates.init(Agent.tlsDirectory(alpha.configuration), "test", "alpha");
    assertThat(own.node()).isEqualTo("alpha");
    return new TestPair(alpha, beta, relay);
  }

  public static TestPair make(Path base) throws IOException {
    return make(base, base.resolve("alpha/tree"), base.resolve("beta/tree"), "", "");
  }

  static Side side(
      Path base,
      String name,
      Path alphaTree,
      List<Integer> ports,
      String ofBeta,
      String mirrorExtra,
      String extra)
      throws IOException {
    Path state = base.resolve(name).resolve("state");
    Files.createDirectories(state);
    String text =
        """
        cluster: test
        nodes:
          alpha: {address: 127.0.0.1:%d}
          beta: {address: 127.0.0.1:%d%s}
        primary: alpha
        mirrors:
          www: {path: %s%s}
        state: %s
        %s
        """
            .formatted(ports.get(0), ports.get(1), ofBeta, alphaTree, mirrorExtra, state, extra);
    Path file = base.resolve(name).resolve("hotspare.yaml");
    try {
      Files.writeString(file, text);
      Configuration configuration = Configuration.parse(text, file);
      Path tree = configuration.pathsOn(configuration.node(name)).get("www");
      return new Side(name, Objects.requireNonNull(tree), state, configuration);
    } catch (org.hotspare.config.ConfigurationException e) {
      throw new IOException(e);
    }
  }

  public Side alpha() {
    return alpha;
  }

  public Side beta() {
    return beta;
  }

  /** What is between the nodes, of a pair that was made with it. */
  public Relay relay() {
    Relay between = relay;
    if (between == null) {
      throw new IllegalStateException("this pair was made without a relay");
    }
    return between;
  }

  /** Starts both; the standby joins the cluster the first time. */
  public TestPair start() throws IOException {
    alpha.start();
    if (!Files.exists(Agent.tlsDirectory(beta.configuration).resolve("node.pem"))) {
      JoinToken token =
          alpha
              .agent()
              .admission()
              .invite(
                  "beta",
                  true,
                  Objects.requireNonNull(alpha.configuration.nodes().get("alpha"))
                      .addresses()
                      .stream()
                      .map(a -> InetSocketAddress.createUnresolved(a.host(), a.port()))
                      .toList(),
                  Duration.ofMinutes(5));
      Admission.join(token, Agent.tlsDirectory(beta.configuration), "test");
    }
    beta.start();
    return this;
  }

  /** Waits for the barrier and then holds that both trees are equal. */
  public void assertSame() throws Exception {
    barrier();
    Judge.assertSameTree(alpha.tree, beta.tree, LIMIT);
  }

  public void barrier() throws Exception {
    WaitResult result = tryBarrier(LIMIT);
    assertThat(result.durable()).as("barrier: %s", result).isTrue();
  }

  /** As {@link #barrier}, also where the standby cannot make some entries. */
  public void flow() throws Exception {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    WaitResult result;
    do {
      assertThat(System.nanoTime()).as("waiting for all that can be made").isLessThan(deadline);
      result = tryBarrier(Duration.ofMillis(300));
    } while (!result.missing().stream().allMatch(m -> m.contains("cannot be made there")));
  }

  public WaitResult tryBarrier(Duration timeout) throws WrongRequest, InterruptedException {
    return alpha.operations().waitForStandbys(timeout);
  }

  /** A connection to alpha with beta's certificate, for a test that speaks as the standby. */
  Link connectAsBeta() throws IOException {
    var address =
        Objects.requireNonNull(alpha.configuration.nodes().get("alpha")).addresses().getFirst();
    return new Connector(Certificates.load(beta.state().resolve("tls")), LinkOptions.of("0.1.0"))
        .connect(
            "alpha", List.of(InetSocketAddress.createUnresolved(address.host(), address.port())));
  }

  /** Polls until the condition holds. */
  public static void await(String what, BooleanSupplier condition) throws InterruptedException {
    Await.await(what, condition);
  }

  /** Stops both, cleanly; they can be started again. */
  public void stop() throws IOException {
    beta.stop();
    alpha.stop();
  }

  @Override
  public void close() throws IOException {
    Relay between = relay;
    if (between != null) {
      between.close();
    }
    stop();
  }
}

package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.testing.Background;
import org.hotspare.testing.Command;
import org.hotspare.testing.Network;

/**
 * Four hosts on one network: a {@link Trio}, of which the data nodes have a service that tells who
 * it is, and a client that asks all the time.
 */
final class Site implements AutoCloseable {
  static final String CLIENT = "client";
  static final String ADDRESS = "10.77.0.100";
  private static final int PORT = 8090;

  /** Of {@code gate_traffic.py serve}, which a test may start. */
  private static final List<Integer> TRAFFIC_PORTS = List.of(8080, 8081);

  private final Network network;
  private final Trio trio;
  private final List<String> asked;
  private final List<Background> programs = new ArrayList<>();
  private final Client client;

  /** How much the client had seen when a test began. */
  private int marked;

  private Site(Path base, Duration lease, String takeover, List<String> asked) throws IOException {
    this.network = Network.of("alpha", "beta", "gamma", CLIENT);
    this.trio = Trio.make(base, lease, network, takeover);
    this.asked = asked.isEmpty() ? dataAddresses() : asked;
    this.client = ask();
  }

  private List<String> dataAddresses() {
    return Trio.DATA_NODES.stream().map(network::address).toList();
  }

  /**
   * The service runs on both data nodes all the time; the client asks both in turn, each by its own
   * address. The primary has the service address, too.
   */
  static Site gated(Path base, Duration lease) throws Exception {
    String takeover =
        """
        takeover:
          interface: eth0
          addresses: [%s/24]
          ports: [%d, %d, %d]
        """
            .formatted(ADDRESS, PORT, TRAFFIC_PORTS.get(0), TRAFFIC_PORTS.get(1));
    Site site = new Site(base, lease, takeover, List.of());
    for (String node : Trio.DATA_NODES) {
      site.programs.add(site.background(node, Command.script("answer", PORT, node)));
    }
    return site.start();
  }

  /** The primary has the address and runs the service; the client asks the address. */
  static Site withAddress(Path base, Duration lease) throws Exception {
    return withAddress(base, lease, "", answering(base));
  }

  /**
   * @param more what the configuration says beside
   * @param services in the configuration's words; one of them has to answer the client
   */
  static Site withAddress(Path base, Duration lease, String more, String... services)
      throws Exception {
    String takeover =
        """
        takeover:
          interface: eth0
          addresses: [%s/24]
          services: [%s]
        %s
        """
            .formatted(ADDRESS, String.join(", ", services), more);
    return new Site(base, lease, takeover, List.of(ADDRESS)).start();
  }

  /** The service that tells the client who it is. */
  static String answering(Path base) throws IOException {
    return service(base, "answer", PORT, "$HOTSPARE_NODE");
  }

  /** A service of that script, of which the primary keeps the process's number. */
  static String service(Path base, String script, Object... arguments) throws IOException {
    Path start = base.resolve("start-" + script);
    String number = "%s/%s-$HOTSPARE_NODE.pid".formatted(base, script);
    Files.writeString(
        start,
        String.join(" ", Command.script(script, arguments))
            + " </dev/null >/dev/null 2>&1 &\necho $! >%s\n".formatted(number));
    return "{start: '/bin/sh %s', stop: 'kill $(cat %s)'}".formatted(start, number);
  }

  static int port() {
    return PORT;
  }

  private Site start() throws Exception {
    try {
      trio.start();
      trio.awaitReady();
      awaitAnswer("alpha");
      return this;
    } catch (AssertionError e) {
      AssertionError failure = trio.withLogs(e);
      close();
      throw failure;
    }
  }

  Network network() {
    return network;
  }

  Trio trio() {
    return trio;
  }

  /** Runs a program on a host until it is closed. */
  Background background(String host, List<String> command) {
    List<String> all = new ArrayList<>(network.on(host));
    all.addAll(command);
    return new Background(all);
  }

  private Client ask() {
    return client(PORT, asked);
  }

  /** Asks those addresses in turn from now on. */
  Client client(int port, List<String> addresses) {
    List<Object> arguments = new ArrayList<>(List.of(port));
    arguments.addAll(addresses);
    return new Client(background(CLIENT, Command.script("who_answers", arguments.toArray())));
  }

  /** Asks the service address every 10 ms from now on, whether or not it was answered. */
  Client poll() {
    return new Client(background(CLIENT, Command.script("poll_answers", PORT, ADDRESS)));
  }

  /** See {@link Client#changes}. */
  List<String> changes() {
    return client.changes();
  }

  /** See {@link Client#answered}. */
  List<String> answered() {
    return client.answered();
  }

  void awaitAnswer(String name) throws InterruptedException {
    client.awaitAnswer(name);
  }

  /** A test begins. */
  void mark() {
    marked = changes().size();
  }

  /** What the client has seen since the mark. */
  List<String> changesSince() {
    List<String> all = changes();
    return all.subList(marked, all.size());
  }

  /** Who has answered the client since the mark, in turn. */
  List<String> answeredSince() {
    List<String> all = answered();
    return all.subList(marked, all.size());
  }

  /** A client that asks for the first time. */
  void assertAnswersNow(String name) throws InterruptedException {
    try (Client another = ask()) {
      another.awaitAnswer();
      assertThat(another.answered().getLast()).isEqualTo(name);
    }
  }

  boolean hasAddress(String node) {
    return network.run(node, "ip", "address", "show", "dev", "eth0").output().contains(ADDRESS);
  }

  @Override
  public void close() {
    client.close();
    programs.forEach(Background::close);
    trio.close();
    network.close();
  }
}

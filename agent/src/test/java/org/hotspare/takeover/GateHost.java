package org.hotspare.takeover;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.hotspare.testing.Await;
import org.hotspare.testing.Cleanup;
import org.hotspare.testing.Command;
import org.jspecify.annotations.Nullable;

/**
 * A server and a client as network namespaces with a cable between them; a program on the server
 * answers what {@code gate_traffic.py} asks. {@link #close} removes all. Needs root.
 */
final class GateHost implements AutoCloseable {
  static final String CLIENT4 = "10.77.0.1";
  static final String CLIENT6 = "fd77::1";
  static final String NODE4 = "10.77.0.2";
  static final String NODE6 = "fd77::2";
  static final String SERVICE4 = "10.77.0.100";
  static final String SERVICE6 = "fd77::100";
  static final String OTHER_SERVICE4 = "10.77.0.101";
  static final String INTERFACE = "eth0";
  private static final String HARDWARE = "02:00:00:00:00:77";

  private static final AtomicInteger NUMBER = new AtomicInteger();

  /** On the first service address, translated to a port of the container. */
  static final int CONTAINER_PORT = 9081;

  private final String client;
  private final String server;
  private final String container;
  private final List<AutoCloseable> programs = new ArrayList<>();
  private @Nullable GateProcess gates;
  private final Cleanup cleanup;

  GateHost() {
    String name =
        "hotspare-%d-%d".formatted(ProcessHandle.current().pid(), NUMBER.incrementAndGet());
    client = name + "-client";
    server = name + "-server";
    container = name + "-container";
    cleanup = Cleanup.of("remove network namespaces", this::release);
    try {
      connect();
      Lines serving = new Lines(server, Command.script("gate_traffic", "serve"));
      programs.add(serving);
      serving.next();
    } catch (RuntimeException | AssertionError failed) {
      close();
      throw failed;
    }
  }

  private void connect() {
    shell(
        """
        set -e
        ip netns add %1$s
        ip netns add %2$s
        ip link add %3$s netns %1$s type veth peer name %3$s address %10$s netns %2$s
        for n in %1$s %2$s; do ip -n $n link set lo up; ip -n $n link set %3$s up; done
        ip -n %1$s address add %4$s/24 dev %3$s
        ip -n %1$s address add %11$s/64 dev %3$s nodad
        for a in %5$s/24 %6$s/24 %7$s/24; do ip -n %2$s address add $a dev %3$s; done
        for a in %8$s/64 %9$s/64; do ip -n %2$s address add $a dev %3$s nodad; done
        """
            .formatted(
                client,
                server,
                INTERFACE,
                CLIENT4,
                NODE4,
                SERVICE4,
                OTHER_SERVICE4,
                NODE6,
                SERVICE6,
                HARDWARE,
                CLIENT6));
  }

  private static String shell(String script) {
    return Command.succeed(List.of("sh", "-c", script));
  }

  String server() {
    return server;
  }

  /** Runs a command on the server and returns what it printed. */
  String onServer(String command) {
    return shell("ip netns exec " + server + " " + command);
  }

  /** Runs a command on the client and returns what it printed. */
  String onClient(String command) {
    return shell("ip netns exec " + client + " " + command);
  }

  /** Has the client and the server ask anew where addresses are. */
  void forgetNeighbours() throws InterruptedException {
    for (String namespace : List.of(client, server)) {
      List<String> flush = List.of("ip", "-n", namespace, "neighbour", "flush", "nud", "all");
      // It gives up where connections that are still being closed bring them back.
      Await.await("neighbours are forgotten", () -> Command.run(Await.LIMIT, flush).status() == 0);
    }
  }

  /** Has the client know where the service's addresses are, without asking. */
  void rememberNeighbours() {
    for (String address : List.of(SERVICE4, OTHER_SERVICE4, SERVICE6)) {
      onClient(
          "ip neighbour replace %s lladdr %s dev %s nud permanent"
              .formatted(address, HARDWARE, INTERFACE));
    }
  }

  /** The process on the server that has the gates of all tests, unless they kill it. */
  GateProcess gates() {
    GateProcess running = gates;
    if (running == null) {
      running = new GateProcess(server);
      gates = running;
    }
    return running;
  }

  /**
   * A process for this test alone.
   *
   * @param prefix of its command line
   */
  GateProcess newGates(String... prefix) {
    GateProcess made = new GateProcess(server, prefix);
    programs.add(made);
    return made;
  }

  /** A network behind the server, with one who pushes, as containers have it. */
  void addContainer() {
    shell(
        """
        set -e
        ip netns add %1$s
        ip link add inside netns %2$s type veth peer name eth0 netns %1$s
        ip -n %2$s address add 10.78.0.1/24 dev inside
        ip -n %2$s link set inside up
        ip -n %1$s address add 10.78.0.2/24 dev eth0
        ip -n %1$s link set eth0 up
        ip -n %1$s route add default via 10.78.0.1
        ip netns exec %2$s sysctl -q net.ipv4.ip_forward=1
        ip netns exec %2$s nft -f - <<END
        table ip container {
          chain prerouting {
            type nat hook prerouting priority dstnat;
            ip daddr %3$s tcp dport %4$d dnat to 10.78.0.2:8081
          }
        }
        END
        """
            .formatted(container, server, SERVICE4, CONTAINER_PORT));
    Lines pushing = new Lines(container, Command.script("gate_traffic", "serve"));
    programs.add(pushing);
    pushing.next();
  }

  /** Says on the client's network that the addresses are at that hardware address. */
  void announce(String mac, List<String> addresses) {
    List<Object> arguments = new ArrayList<>(List.of("announce", INTERFACE, mac));
    arguments.addAll(addresses);
    onClient(String.join(" ", Command.script("gate_traffic", arguments.toArray())));
  }

  /** Asks from the client, every {@code intervalMillis}, from now until it is told to end. */
  Observer observe(int intervalMillis, String... targets) {
    return observer(client, intervalMillis, targets);
  }

  /** Asks from the server itself. */
  Observer observeLocally(int intervalMillis, String... targets) {
    return observer(server, intervalMillis, targets);
  }

  private Observer observer(String namespace, int intervalMillis, String... targets) {
    Observer made = new Observer(namespace, intervalMillis, targets);
    programs.add(made);
    return made;
  }

  /** Ends all that a test has started, and takes away the gates that it left. */
  void tidy() {
    // Not the first, which answers.
    while (programs.size() > 1) {
      end(programs.removeLast());
    }
    if (gates != null) {
      gates.forget();
    }
    // A connection that nobody closes any more keeps a namespace alive, and would go on without
    // translation.
    shell(
        "! ip -n %1$s link show inside >&- 2>&- || ip -n %1$s link delete inside"
            .formatted(server));
    delete(container);
    onServer("nft flush ruleset");
  }

  private static void delete(String namespace) {
    shell("[ ! -e /run/netns/%1$s ] || ip netns delete %1$s".formatted(namespace));
  }

  private static void end(AutoCloseable program) {
    try {
      program.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    cleanup.close();
  }

  private void release() {
    programs.forEach(GateHost::end);
    if (gates != null) {
      gates.close();
    }
    List.of(client, server, container).forEach(GateHost::delete);
  }
}

package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.hotspare.takeover.Observer.Question;
import org.hotspare.testing.Await;
import org.hotspare.testing.Cleanup;
import org.hotspare.testing.Command;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Two nodes and a client as network namespaces at one bridge, for the tests of a class: each finds
 * them as they were made. Needs root.
 */
final class AddressNetwork implements AutoCloseable, AfterEachCallback, AfterAllCallback {
  static final String INTERFACE = "eth0";
  static final String SERVICE4 = "10.77.0.100";
  static final String SERVICE6 = "fd77::100";
  static final List<String> SERVICES = List.of(SERVICE4 + "/24", SERVICE6 + "/64");

  private static final List<String> TARGETS = List.of("icmp=" + SERVICE4, "icmp=" + SERVICE6);

  private static final AtomicInteger NUMBER = new AtomicInteger();

  /** A machine of the network: its number is the end of its addresses. */
  enum Machine {
    CLIENT(1),
    ALPHA(2),
    BETA(3);

    private final int number;

    Machine(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }

    String hardware() {
      return "02:00:00:00:00:0" + number;
    }
  }

  private final String prefix;
  private final List<AutoCloseable> programs = new ArrayList<>();

  /** Starting a program costs more than most tests, so what is in order serves the next, too. */
  private final Map<Machine, AddressProcess> nodes = new EnumMap<>(Machine.class);

  private final Cleanup cleanup;

  AddressNetwork() {
    prefix =
        "hotspare-%d-lan%d-".formatted(ProcessHandle.current().pid(), NUMBER.incrementAndGet());
    cleanup = Cleanup.of("remove network namespaces", this::release);
    try {
      shell(
          """
          set -e
          ip netns add %1$s
          ip -n %1$s link add lan type bridge forward_delay 0
          ip -n %1$s link set lan up
          """
              .formatted(lan()));
      for (Machine machine : Machine.values()) {
        shell("ip netns add %1$s && ip -n %1$s link set lo up".formatted(namespace(machine)));
        plug(machine);
      }
    } catch (RuntimeException | AssertionError failed) {
      close();
      throw failed;
    }
  }

  /** Gives the machine its interface and its own addresses. */
  void plug(Machine machine) {
    shell(
        """
        set -e
        ip link add p%1$d netns %2$s type veth peer name %3$s address %4$s netns %5$s
        ip -n %2$s link set p%1$d master lan up
        ip -n %5$s link set %3$s up
        ip -n %5$s address add 10.77.0.%1$d/24 dev %3$s
        ip -n %5$s address add fd77::%1$d/64 dev %3$s nodad
        """
            .formatted(machine.number(), lan(), INTERFACE, machine.hardware(), namespace(machine)));
  }

  private String lan() {
    return prefix + "lan";
  }

  private String namespace(Machine machine) {
    return prefix + machine.number();
  }

  private static String shell(String script) {
    return Command.succeed(List.of("sh", "-c", script));
  }

  /** Runs {@code ip} on the machine and returns what it printed. */
  String ip(Machine machine, String arguments) {
    return shell("ip -n " + namespace(machine) + " " + arguments);
  }

  /** Runs a command on the machine and returns what it printed. */
  String on(Machine machine, String command) {
    return shell("ip netns exec " + namespace(machine) + " " + command);
  }

  /** Whether the machine has all of the service's addresses. */
  boolean has(Machine machine) {
    String addresses = ip(machine, "address show dev " + INTERFACE);
    return addresses.contains(SERVICE4 + "/") && addresses.contains(SERVICE6 + "/");
  }

  /** Whether the machine has none of the service's addresses. */
  boolean hasNone(Machine machine) {
    String addresses = ip(machine, "address show");
    return !addresses.contains(SERVICE4 + "/") && !addresses.contains(SERVICE6 + "/");
  }

  /** Has the client believe that the service is at that machine. */
  void believe(Machine holder) {
    for (String address : List.of(SERVICE4, SERVICE6)) {
      ip(
          Machine.CLIENT,
          "neighbour replace %s lladdr %s dev %s nud reachable"
              .formatted(address, holder.hardware(), INTERFACE));
    }
  }

  /** Whether the client believes that both addresses are at that hardware address. */
  boolean believed(String hardware) {
    return List.of(SERVICE4, SERVICE6).stream()
        .allMatch(address -> ip(Machine.CLIENT, "neighbour show " + address).contains(hardware));
  }

  /** Says to all that the addresses are at that hardware address. */
  void claim(Machine machine, String hardware) {
    on(
        machine,
        String.join(
            " ",
            Command.script("gate_traffic", "announce", INTERFACE, hardware, SERVICE4, SERVICE6)));
  }

  /** Says to all that the IPv4 address is at one of two hardware addresses, again and again. */
  void flood(Machine machine, int times) {
    on(
        machine,
        String.join(" ", Command.script("address_claims", "flood", INTERFACE, times, SERVICE4)));
  }

  /** Waits until the client is answered from both addresses. */
  void awaitAnswers() throws InterruptedException {
    long deadline = System.nanoTime() + Await.LIMIT.toNanos();
    Set<String> silent = new HashSet<>(TARGETS);
    while (!silent.isEmpty()) {
      assertThat(System.nanoTime()).as("waiting for %s", silent).isLessThan(deadline);
      try (Observer observer = observe(10)) {
        Thread.sleep(50);
        observer.finish().stream()
            .filter(Question::isAnswered)
            .forEach(question -> silent.remove(question.target()));
      }
    }
  }

  /** A process with the service addresses. A machine has one at a time. */
  AddressProcess node(Machine machine) {
    return node(machine, INTERFACE, SERVICES);
  }

  AddressProcess node(Machine machine, String networkInterface, List<String> services) {
    AddressProcess node = nodes.get(machine);
    if (node == null || !node.isFresh()) {
      node = new AddressProcess(namespace(machine), List.of());
      nodes.put(machine, node);
    }
    node.open(networkInterface, services);
    return node;
  }

  /** A process with the service addresses that is started by a command. */
  AddressProcess nodeBy(Machine machine, String... command) {
    AddressProcess made = new AddressProcess(namespace(machine), List.of(command));
    programs.add(made);
    made.open(INTERFACE, SERVICES);
    return made;
  }

  /** Hears on the client all who claim one of the addresses, from now on. */
  ClaimListener listen() {
    ClaimListener made = new ClaimListener(namespace(Machine.CLIENT));
    programs.add(made);
    return made;
  }

  /** Asks from the client whether the addresses answer, from now on. */
  Observer observe(int intervalMillis) {
    Observer made =
        new Observer(namespace(Machine.CLIENT), intervalMillis, TARGETS.toArray(String[]::new));
    programs.add(made);
    return made;
  }

  /** Ends all that a test has started, and makes the machines as they were. */
  private void tidy() {
    endPrograms();
    nodes
        .values()
        .removeIf(
            node -> {
              if (node.isFresh()) {
                // Has nothing left to hold or to renew.
                node.open("none", SERVICES);
              } else {
                node.close();
              }
              return !node.isFresh();
            });
    for (Machine machine : Machine.values()) {
      shell(
          "! ip -n %1$s link show %2$s >/dev/null 2>&1 || ip -n %1$s link delete %2$s"
              .formatted(namespace(machine), INTERFACE));
      shell(
          "! ip -n %1$s link show other >/dev/null 2>&1 || ip -n %1$s link delete other"
              .formatted(namespace(machine)));
      plug(machine);
    }
  }

  private void endPrograms() {
    while (!programs.isEmpty()) {
      try {
        programs.removeLast().close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    tidy();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    close();
  }

  @Override
  public void close() {
    cleanup.close();
  }

  private void release() {
    endPrograms();
    nodes.values().forEach(AddressProcess::close);
    List<String> namespaces = new ArrayList<>(List.of(lan()));
    for (Machine machine : Machine.values()) {
      namespaces.add(namespace(machine));
    }
    for (String each : namespaces) {
      shell("[ ! -e /run/netns/%1$s ] || ip netns delete %1$s".formatted(each));
    }
  }
}

package org.hotspare.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Several machines on one switch: network namespaces with an interface {@code eth0} each, in
 * 10.77.0.0/24. Nothing of it is seen from outside. Closing removes all. Needs root.
 */
public final class Network implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final String SWITCH = "switch";

  private final String prefix;
  private final Map<String, String> addresses = new LinkedHashMap<>();
  private final Thread atShutdown = new Thread(this::remove, "remove-network");

  private Network(List<String> hosts) {
    prefix = "hs-%d-%d-".formatted(ProcessHandle.current().pid(), System.nanoTime() % 100_000);
    for (String host : hosts) {
      addresses.put(host, "10.77.0." + (addresses.size() + 1));
    }
  }

  public static Network of(String... hosts) {
    Network network = new Network(List.of(hosts));
    Runtime.getRuntime().addShutdownHook(network.atShutdown);
    try {
      network.make();
      return network;
    } catch (AssertionError failed) {
      network.close();
      throw failed;
    }
  }

  private void make() {
    ip("netns", "add", prefix + SWITCH);
    // Without it a new port learns nothing for 15 s.
    inSwitch("link", "add", "bridge", "type", "bridge", "forward_delay", "0");
    inSwitch("link", "set", "bridge", "up");
    addresses.forEach(this::connect);
  }

  private void connect(String host, String address) {
    String namespace = prefix + host;
    ip("netns", "add", namespace);
    inSwitch("link", "add", host, "type", "veth", "peer", "name", "eth0", "netns", namespace);
    inSwitch("link", "set", host, "master", "bridge", "up");
    ip("-n", namespace, "addr", "add", address + "/24", "dev", "eth0");
    ip("-n", namespace, "link", "set", "eth0", "up");
    ip("-n", namespace, "link", "set", "lo", "up");
  }

  public String address(String host) {
    String address = addresses.get(host);
    if (address == null) {
      throw new IllegalArgumentException("there is no " + host);
    }
    return address;
  }

  /** What is put before a command to have it run on that host. */
  public List<String> on(String host) {
    return List.of("ip", "netns", "exec", prefix + host);
  }

  /** Runs a command on that host to its end. */
  public Command.Result run(String host, String... command) {
    List<String> all = new ArrayList<>(on(host));
    all.addAll(List.of(command));
    return Command.run(LIMIT, all);
  }

  /** Takes the host's cable out. */
  public void unplug(String host) {
    inSwitch("link", "set", host, "nomaster");
  }

  public void plugIn(String host) {
    inSwitch("link", "set", host, "master", "bridge");
  }

  /** As when its power goes: nothing of it is heard any more, and all its programs end. */
  public void powerOff(String host) {
    unplug(host);
    killAll(host);
  }

  /** The hardware address of the host's interface. */
  public String hardware(String host) {
    Command.Result result = run(host, "cat", "/sys/class/net/eth0/address");
    if (result.status() != 0) {
      throw new AssertionError("the hardware address of %s: %s".formatted(host, result));
    }
    return result.output().strip();
  }

  /** From now on what the one sends to the other is lost on the way, and nobody is told. */
  public void cut(String from, String to) {
    String table = "cut-" + from;
    assertSucceeds(to, "nft", "add", "table", "ip", table);
    assertSucceeds(
        to,
        "nft",
        "add chain ip %s input { type filter hook input priority -500; }".formatted(table));
    assertSucceeds(
        to, "nft", "add rule ip %s input ip saddr %s drop".formatted(table, address(from)));
  }

  /** Neither hears the other. */
  public void cutBothWays(String one, String other) {
    cut(one, other);
    cut(other, one);
  }

  /** What was cut, if it was, goes through again. */
  public void heal(String from, String to) {
    assertSucceeds(to, "nft", "add table ip cut-%1$s; delete table ip cut-%1$s".formatted(from));
  }

  public void healBothWays(String one, String other) {
    heal(one, other);
    heal(other, one);
  }

  private void assertSucceeds(String host, String... command) {
    Command.Result result = run(host, command);
    if (result.status() != 0) {
      throw new AssertionError("%s on %s: %s".formatted(List.of(command), host, result));
    }
  }

  private void inSwitch(String... arguments) {
    List<String> all = new ArrayList<>(List.of("ip", "-n", prefix + SWITCH));
    all.addAll(List.of(arguments));
    Command.succeed(all);
  }

  private static void ip(String... arguments) {
    List<String> all = new ArrayList<>(List.of("ip"));
    all.addAll(List.of(arguments));
    Command.succeed(all);
  }

  private void remove() {
    List<String> all = new ArrayList<>(addresses.keySet());
    all.add(SWITCH);
    for (String host : all) {
      killAll(host);
      // What was not made cannot be removed, and is not there either.
      var _ = Command.run(LIMIT, List.of("ip", "netns", "delete", prefix + host));
    }
  }

  /**
   * All programs of the host end at once, by SIGKILL. A namespace that is deleted lives on in them,
   * such as services that outlive their agent.
   */
  public void killAll(String host) {
    Command.Result processes = Command.run(LIMIT, List.of("ip", "netns", "pids", prefix + host));
    if (processes.status() == 0) {
      processes
          .output()
          .lines()
          .map(Long::parseLong)
          .flatMap(process -> ProcessHandle.of(process).stream())
          .forEach(ProcessHandle::destroyForcibly);
    }
  }

  @Override
  public void close() {
    remove();
    Runtime.getRuntime().removeShutdownHook(atShutdown);
  }
}

package org.hotspare.health;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.testing.Cleanup;
import org.hotspare.testing.Command;
import org.jspecify.annotations.Nullable;

/**
 * Another machine on a network cable: a network namespace with one IPv4 and one IPv6 address that
 * this machine reaches. Closing removes it. Needs root.
 */
final class PeerNamespace implements AutoCloseable {
  /** Networks of 256 addresses in the one for benchmarks, 198.18.0.0/15. */
  private static final int NETWORKS = 512;

  private final String name;
  private final String prefix4;
  private final String prefix6;

  /** Null until the namespace is there. */
  private @Nullable Cleanup cleanup;

  private PeerNamespace(int number) {
    name = "hs-peer-" + number;
    // Of the network for benchmarks, RFC 2544, and of unique local addresses.
    prefix4 = "198." + (18 + number / 256) + "." + number % 256 + ".";
    prefix6 = "fd48:53::" + Integer.toHexString(number) + ":";
  }

  /** The first network that no other test on this machine has. */
  static PeerNamespace create() {
    int first = (int) (ProcessHandle.current().pid() % NETWORKS);
    for (int i = 0; i < NETWORKS; i++) {
      PeerNamespace made = new PeerNamespace((first + i) % NETWORKS);
      // Only one of those who want the same can make it.
      if (Command.run(Duration.ofMinutes(1), List.of("ip", "netns", "add", made.name)).status()
          == 0) {
        made.cleanup = Cleanup.of("remove-peer", made::remove);
        try {
          made.connect();
          return made;
        } catch (AssertionError failed) {
          made.close();
          throw failed;
        }
      }
    }
    throw new AssertionError("all networks for tests are taken");
  }

  private void connect() {
    String here = "hsp" + name.substring("hs-peer-".length());
    run("ip", "link", "add", here, "type", "veth", "peer", "name", "eth0", "netns", name);
    run("ip", "addr", "add", prefix4 + "1/24", "dev", here);
    run("ip", "addr", "add", prefix6 + "1/112", "dev", here, "nodad");
    run("ip", "link", "set", here, "up");
    run("ip", "route", "add", "unreachable", noWay());
    run("ip", "-n", name, "addr", "add", address4() + "/24", "dev", "eth0");
    run("ip", "-n", name, "addr", "add", address6() + "/112", "dev", "eth0", "nodad");
    run("ip", "-n", name, "link", "set", "lo", "up");
    run("ip", "-n", name, "link", "set", "eth0", "up");
  }

  String address4() {
    return prefix4 + "2";
  }

  String address6() {
    return prefix6 + "2";
  }

  /** An address on the same cable that nobody has. */
  String nobody() {
    return prefix4 + "99";
  }

  /** An address to which no way leads. */
  String noWay() {
    return prefix4 + "200";
  }

  /** From now on what fits is dropped when it comes in, such as {@code ip protocol icmp}. */
  void drop(String match) {
    within("nft", "add table inet t; add chain inet t in { type filter hook input priority 0; }");
    within("nft", "add rule inet t in " + match + " drop");
  }

  /** Nothing is dropped any more. */
  void dropNothing() {
    within("nft", "delete table inet t");
  }

  /** Runs a program on that machine, which has to succeed. */
  void within(String... command) {
    Command.succeed(inside(List.of(command)));
  }

  /** Starts a program on that machine. */
  Process start(List<String> command) throws IOException {
    return new ProcessBuilder(inside(command))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private List<String> inside(List<String> command) {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name));
    all.addAll(command);
    return all;
  }

  private static void run(String... command) {
    Command.succeed(List.of(command));
  }

  private void remove() {
    Command.run(Duration.ofMinutes(1), List.of("ip", "route", "del", "unreachable", noWay()));
    // With it go the ends of the cable.
    run("ip", "netns", "del", name);
  }

  @Override
  public void close() {
    Cleanup made = cleanup;
    if (made != null) {
      made.close();
    }
  }
}

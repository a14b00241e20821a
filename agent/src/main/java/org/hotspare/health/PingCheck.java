package org.hotspare.health;

import java.io.IOException;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.hotspare.linux.Echo;
import org.hotspare.linux.LinuxException;

/**
 * A machine answers an ICMP echo request on any of its addresses. All are asked at once, and the
 * text says which do not answer. Names are looked up beside that, so one that is not found in time
 * holds up no address.
 *
 * @param hosts names or addresses of one machine, IPv6 without brackets; of a name all addresses
 */
public record PingCheck(List<String> hosts) implements Probe {
  public PingCheck {
    hosts = List.copyOf(hosts);
  }

  /** What came out for a name; no addresses where it is not known. */
  private record Found(String name, List<InetAddress> addresses) {}

  @Override
  public Optional<String> hindrance() {
    try {
      Echo.probe();
      return Optional.empty();
    } catch (LinuxException e) {
      return Optional.of(
          "echo requests need CAP_NET_RAW, or a group in net.ipv4.ping_group_range: "
              + e.getMessage());
    }
  }

  /** Asks this machine and does not wait for the answer. */
  @Override
  public void prepare() throws IOException {
    EchoRound round = new EchoRound();
    try (Echo echo = new Echo()) {
      round.ask(InetAddress.getLoopbackAddress(), echo);
      echo.wake();
      echo.await();
    }
    round.outcome();
  }

  @Override
  public Outcome look(Attempt attempt) throws IOException {
    EchoRound round = new EchoRound();
    Queue<Found> found = new ConcurrentLinkedQueue<>();
    Map<String, Lookup> lookups = new LinkedHashMap<>();
    try (Echo echo = new Echo()) {
      attempt.endBy(echo::wake);
      Lookup.Listener listener =
          (name, addresses) -> {
            found.add(new Found(name, addresses));
            echo.wake();
          };
      try {
        // Those that need no name server have all been asked before the first name is looked up.
        hosts.stream().filter(PingCheck::isAddress).forEach(host -> askAddress(host, round, echo));
        for (String host : hosts) {
          if (!isAddress(host)) {
            round.seek(host);
            lookups.put(host, Lookup.begin(host, listener));
          }
        }
        while (round.isOpen() && !attempt.isGivenUp()) {
          attempt.at(round.doing());
          InetAddress from = echo.await();
          if (from != null && round.answer(from)) {
            round.passed().ifPresent(attempt::enough);
          }
          for (Found next = found.poll(); next != null; next = found.poll()) {
            round.found(next.name, next.addresses, echo);
          }
        }
      } finally {
        lookups.values().forEach(lookup -> lookup.forget(listener));
      }
    }
    return round.outcome();
  }

  private static boolean isAddress(String host) {
    return host.contains(":") || host.matches("[0-9.]+");
  }

  private static void askAddress(String host, EchoRound round, Echo echo) {
    try {
      round.ask(InetAddress.ofLiteral(host), echo);
    } catch (IllegalArgumentException unfit) {
      // Such as a zone that is no interface of this machine.
      round.failed(host, String.valueOf(unfit.getMessage()));
    }
  }
}

package org.hotspare.health;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.hotspare.health.Outcome.Failed;
import org.hotspare.health.Outcome.Passed;
import org.hotspare.linux.Echo;
import org.hotspare.linux.LinuxException;

/**
 * A machine answers an ICMP echo request on any of its addresses. All are asked at once, and the
 * text says which do not answer.
 *
 * @param hosts names or addresses of one machine, IPv6 without brackets; of a name all addresses
 */
public record PingCheck(List<String> hosts) implements Probe {
  public PingCheck {
    hosts = List.copyOf(hosts);
  }

  /** Those asked, by what has become of it. */
  private static final class Round {
    private final Set<InetAddress> answered = new LinkedHashSet<>();
    private final Set<InetAddress> awaited = new LinkedHashSet<>();

    /** Why not. */
    private final Map<String, String> unasked = new LinkedHashMap<>();

    private String text() {
      StringBuilder text = new StringBuilder();
      add(text, answered, " answers", " answer");
      add(text, awaited, " does not answer", " do not answer");
      unasked.forEach(
          (host, why) -> text.append(text.isEmpty() ? "" : "; ").append(host + ": " + why));
      return text.toString();
    }

    private static void add(StringBuilder text, Set<InetAddress> hosts, String one, String many) {
      if (!hosts.isEmpty()) {
        text.append(text.isEmpty() ? "" : "; ")
            .append(names(hosts))
            .append(hosts.size() == 1 ? one : many);
      }
    }

    private Outcome outcome() {
      return answered.isEmpty() ? new Failed(text()) : new Passed(text());
    }
  }

  private static String names(Set<InetAddress> hosts) {
    return hosts.stream().map(InetAddress::getHostAddress).collect(Collectors.joining(", "));
  }

  @Override
  public Outcome look(Attempt attempt) throws IOException {
    Round round = new Round();
    try (Echo echo = new Echo()) {
      for (String host : hosts) {
        attempt.at("finding the addresses of " + host);
        ask(host, echo, round);
      }
      attempt.at("waiting for the echo of " + names(round.awaited));
      hear(echo, round, attempt);
    }
    return round.outcome();
  }

  private static void ask(String host, Echo echo, Round round) {
    InetAddress[] addresses;
    try {
      addresses = InetAddress.getAllByName(host);
    } catch (UnknownHostException e) {
      round.unasked.put(host, "no such name is known");
      return;
    }
    for (InetAddress address : addresses) {
      try {
        echo.ask(address);
        round.awaited.add(address);
      } catch (LinuxException e) {
        round.unasked.put(address.getHostAddress(), e.getMessage());
      }
    }
  }

  private static void hear(Echo echo, Round round, Attempt attempt) throws IOException {
    while (!round.awaited.isEmpty()) {
      InetAddress from = echo.await(attempt.left());
      if (from == null) {
        return;
      }
      if (round.awaited.remove(from)) {
        round.answered.add(from);
        if (!round.awaited.isEmpty()) {
          attempt.enough(new Passed(round.text()));
        }
      }
    }
  }
}

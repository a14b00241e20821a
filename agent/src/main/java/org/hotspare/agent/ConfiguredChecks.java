package org.hotspare.agent;

import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hotspare.config.Address;
import org.hotspare.config.Check.Exec;
import org.hotspare.config.Check.Http;
import org.hotspare.config.Check.Ping;
import org.hotspare.config.Check.Tcp;
import org.hotspare.config.Configuration;
import org.hotspare.config.Node;
import org.hotspare.health.Check;
import org.hotspare.health.ExecCheck;
import org.hotspare.health.HttpCheck;
import org.hotspare.health.PingCheck;
import org.hotspare.health.Probe;
import org.hotspare.health.Schedule;
import org.hotspare.health.StatusRange;
import org.hotspare.health.TcpCheck;

/** The checks that the configuration asks for. */
final class ConfiguredChecks {
  private static final String PRIMARY = "primary";

  private ConfiguredChecks() {}

  /**
   * In the order of the file, each with a name that says what it looks at.
   *
   * @param primary the node that {@code ping: primary} means now
   */
  static List<Check> of(Configuration configuration, Node primary) {
    Map<String, Integer> named = new HashMap<>();
    List<Check> checks = new ArrayList<>();
    for (org.hotspare.config.Check check : configuration.checks()) {
      String name = name(check.probe());
      int before = named.merge(name, 1, Integer::sum);
      checks.add(
          new Check(
              before == 1 ? name : name + " (" + before + ")",
              probe(check.probe(), primary),
              new Schedule(check.every(), check.timeout(), check.fall(), check.rise())));
    }
    return checks;
  }

  private static String name(org.hotspare.config.Check.Probe probe) {
    return switch (probe) {
      case Http http -> "http " + http.url();
      case Tcp tcp -> "tcp " + tcp.address();
      case Ping ping -> "ping " + ping.target();
      case Exec exec -> "exec " + exec.command();
    };
  }

  private static Probe probe(org.hotspare.config.Check.Probe probe, Node primary) {
    return switch (probe) {
      case Http http ->
          new HttpCheck(
              URI.create(http.url()),
              http.expected().stream()
                  .map(codes -> new StatusRange(codes.first(), codes.last()))
                  .toList(),
              http.body());
      case Tcp tcp -> new TcpCheck(tcp.address().host(), tcp.address().port());
      case Ping ping -> new PingCheck(hosts(ping, primary));
      case Exec exec -> new ExecCheck(exec.command());
    };
  }

  private static List<String> hosts(Ping ping, Node primary) {
    return ping.target().equals(PRIMARY)
        ? primary.addresses().stream().map(Address::host).distinct().toList()
        : List.of(ping.target());
  }
}

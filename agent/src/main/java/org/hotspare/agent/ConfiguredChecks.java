package org.hotspare.agent;

import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

  /** The program of a shell command: behind what is set for it, and without its directory. */
  private static final Pattern PROGRAM =
      Pattern.compile(
          "\\s*(?:[A-Za-z_][A-Za-z0-9_]*=\\S*\\s+)*(?:[A-Za-z0-9._+/-]*/)?([A-Za-z0-9._+-]{1,64})"
              + "(?:[\\s;&|<>].*)?",
          Pattern.DOTALL);

  private ConfiguredChecks() {}

  /**
   * In the order of the file, each with a name: that of the file, or one that says what it looks
   * at. What is looked at over loopback only the primary can tell: anybody else would look at a
   * machine on which the service is not to run.
   *
   * @param primary the node that {@code ping: primary} means now
   * @param self the node that makes them
   */
  static List<Check> of(Configuration configuration, Node primary, String self) {
    Set<String> taken = new HashSet<>();
    configuration.checks().forEach(check -> taken.add(check.name()));
    boolean seesLoopback =
        primary.name().equals(self) || primary.addresses().stream().anyMatch(Address::isLoopback);
    List<Check> checks = new ArrayList<>();
    for (org.hotspare.config.Check check : configuration.checks()) {
      String name = check.name().isEmpty() ? unused(name(check.probe()), taken) : check.name();
      if (seesLoopback || !isOnLoopback(check.probe())) {
        checks.add(
            new Check(
                name,
                probe(check.probe(), primary),
                new Schedule(check.every(), check.timeout(), check.fall(), check.rise())));
      }
    }
    return checks;
  }

  /**
   * Which of the checks cannot be made by this process, by name, and why: to refuse them where they
   * are configured. In the order of the checks.
   */
  static Map<String, String> hindrances(List<Check> checks) {
    Map<String, String> hindrances = new LinkedHashMap<>();
    for (Check check : checks) {
      check.probe().hindrance().ifPresent(why -> hindrances.put(check.name(), why));
    }
    return hindrances;
  }

  private static String unused(String name, Set<String> taken) {
    String next = name;
    for (int number = 2; !taken.add(next); number++) {
      next = name + " (" + number + ")";
    }
    return next;
  }

  /** Without what may be secret: arguments of a command, and what is asked for in a URL. */
  private static String name(org.hotspare.config.Check.Probe probe) {
    return switch (probe) {
      case Http http -> "http " + withoutQuery(URI.create(http.url()));
      case Tcp tcp -> "tcp " + tcp.address();
      case Ping ping -> "ping " + ping.target();
      case Exec exec -> "exec " + program(exec.command());
    };
  }

  private static boolean isOnLoopback(org.hotspare.config.Check.Probe probe) {
    return switch (probe) {
      case Http http -> Address.isLoopback(URI.create(http.url()).getHost());
      case Tcp tcp -> tcp.address().isLoopback();
      case Ping ping -> Address.isLoopback(ping.target());
      case Exec _ -> false;
    };
  }

  private static String withoutQuery(URI url) {
    return url.getScheme() + "://" + url.getRawAuthority() + url.getRawPath();
  }

  private static String program(String command) {
    Matcher program = PROGRAM.matcher(command);
    return program.matches() ? program.group(1) : "command";
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

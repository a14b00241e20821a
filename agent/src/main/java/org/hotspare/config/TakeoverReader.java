package org.hotspare.config;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads what concerns changes of role and those who are told of them. */
final class TakeoverReader {
  static final String INTERFACE_EXPECTED = "the name of a network interface, such as eth0";

  private static final String SERVICE_ADDRESS_EXPECTED =
      "an address with its prefix length, such as 10.0.0.100/24";
  static final String COMMAND_EXPECTED = "a shell command";
  private static final String UNIT = ".service";
  private static final Pattern INTERFACE = Pattern.compile("[A-Za-z0-9_.@-]{1,15}");
  private static final Pattern PREFIXED = Pattern.compile("([0-9A-Fa-f:.]{2,45})/([0-9]{1,3})");
  private static final Pattern WINDOW =
      Pattern.compile("([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]");

  private TakeoverReader() {}

  /**
   * @throws IllegalArgumentException if the kernel would not take it as a name
   */
  static String networkInterface(String text) {
    if (!INTERFACE.matcher(text).matches()) {
      throw new IllegalArgumentException(text);
    }
    return text;
  }

  static Takeover takeover(Section top) {
    return top.get("takeover")
        .map(value -> value.section("interface", "addresses", "ports", "services"))
        .map(
            section ->
                new Takeover(
                    section.scalar(
                        "interface", "", INTERFACE_EXPECTED, TakeoverReader::networkInterface),
                    section.each(
                        "addresses",
                        item -> item.parsed(SERVICE_ADDRESS_EXPECTED, TakeoverReader::prefixed)),
                    section.each(
                        "ports",
                        item -> item.parsed("a TCP port, 1 to 65535", TakeoverReader::port)),
                    services(section)))
        .orElse(Takeover.NONE);
  }

  private static List<Service> services(Section takeover) {
    Set<String> known = new HashSet<>();
    return takeover.each(
        "services",
        item -> {
          Service service = service(item);
          if (!known.add(whatItIs(service.control()))) {
            item.complain(item.name() + " is there already", "each service once");
          }
          return Optional.of(service);
        });
  }

  private static String whatItIs(Service.Control control) {
    return switch (control) {
      case Service.Systemd(String unit) -> unit.endsWith(UNIT) ? unit : unit + UNIT;
      case Service.Commands commands -> "start: " + commands.start();
    };
  }

  private static String prefixed(String text) {
    var parts = PREFIXED.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(text);
    }
    // With any port the address is judged the same.
    Address judged = new Address(parts.group(1), 1);
    int longest = judged.isIpv6() ? 128 : 32;
    if (!judged.isNumeric() || Integer.parseInt(parts.group(2)) > longest) {
      throw new IllegalArgumentException(text);
    }
    return text;
  }

  private static int port(String text) {
    int port = Integer.parseInt(text);
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException(text);
    }
    return port;
  }

  private static Service service(Value value) {
    Section section = value.section("systemd", "start", "stop", "status", "on", "timeout");
    boolean byCommands = section.get("start").isPresent() || section.get("stop").isPresent();
    if (section.get("systemd").isPresent() == byCommands) {
      value.complain(
          value.name()
              + (byCommands ? " has both systemd and start or stop" : " says not what to start"),
          "either systemd: UNIT, or start: COMMAND and stop: COMMAND");
    }
    Service.Control control;
    if (byCommands) {
      section.require("start", COMMAND_EXPECTED);
      section.require("stop", COMMAND_EXPECTED);
      control =
          new Service.Commands(
              section.text("start", "", COMMAND_EXPECTED),
              section.text("stop", "", COMMAND_EXPECTED),
              section.text("status", "", COMMAND_EXPECTED));
    } else {
      control = new Service.Systemd(section.text("systemd", "", "the name of a unit"));
    }
    return new Service(
        control,
        section.choice("on", Service.Where.PRIMARY),
        section.duration("timeout", Service.DEFAULT_TIMEOUT));
  }

  static Failover failover(Section top) {
    return top.get("failover")
        .map(value -> value.section("automatic", "max-lag"))
        .map(
            section ->
                new Failover(
                    section.flag("automatic", Failover.DEFAULT.automatic()),
                    section.duration("max-lag", Failover.DEFAULT.maxLag())))
        .orElse(Failover.DEFAULT);
  }

  static Fence fence(Section top) {
    return top.get("fence")
        .map(value -> value.section("command", "timeout"))
        .map(TakeoverReader::fenceOf)
        .orElse(Fence.NONE);
  }

  private static Fence fenceOf(Section section) {
    section.require("command", COMMAND_EXPECTED);
    return new Fence(
        section.text("command", "", COMMAND_EXPECTED),
        section.duration("timeout", Fence.DEFAULT_TIMEOUT));
  }

  static Failback failback(Section top, SequencedMap<String, Node> nodes) {
    return top.get("failback")
        .map(value -> value.section("preferred", "mode", "stable-for", "window"))
        .map(
            section ->
                new Failback(
                    section.scalar(
                        "preferred",
                        "",
                        "one of " + String.join(", ", nodes.keySet()),
                        text -> known(text, nodes)),
                    section.choice("mode", Failback.DEFAULT.mode()),
                    section.duration("stable-for", Failback.DEFAULT.stableFor()),
                    section.scalar(
                        "window", "", "times of day such as 02:00-04:00", TakeoverReader::window)))
        .orElse(Failback.DEFAULT);
  }

  private static String known(String text, SequencedMap<String, Node> nodes) {
    Node node = nodes.get(text);
    if (node == null || node.witness()) {
      throw new IllegalArgumentException(text);
    }
    return text;
  }

  private static String window(String text) {
    if (!WINDOW.matcher(text).matches()) {
      throw new IllegalArgumentException(text);
    }
    return text;
  }

  static Hooks hooks(Section top) {
    return top.get("hooks")
        .map(value -> value.section("before", "after", "timeout"))
        .map(
            section ->
                new Hooks(
                    section.texts("before", COMMAND_EXPECTED),
                    section.texts("after", COMMAND_EXPECTED),
                    section.duration("timeout", Hooks.DEFAULT_TIMEOUT)))
        .orElse(Hooks.NONE);
  }

  static Notifications notifications(Section top) {
    return top.get("notify")
        .map(value -> value.section("command", "on"))
        .map(TakeoverReader::notificationsOf)
        .orElse(Notifications.NONE);
  }

  private static Notifications notificationsOf(Section section) {
    section.require("command", COMMAND_EXPECTED);
    String expected = Section.choices(Notifications.Occasion.class);
    List<Notifications.Occasion> on =
        section.each(
            "on",
            item ->
                item.parsed(
                    expected, text -> Section.constant(Notifications.Occasion.class, text)));
    Set<Notifications.Occasion> all = EnumSet.allOf(Notifications.Occasion.class);
    return new Notifications(
        section.text("command", "", COMMAND_EXPECTED),
        section.get("on").isEmpty() ? all : Set.copyOf(on));
  }

  static @Nullable Api api(Section top, Path file) {
    return top.get("api").flatMap(value -> apiOf(value, file)).orElse(null);
  }

  private static Optional<Api> apiOf(Value value, Path file) {
    Section section = value.section("listen", "token-file");
    Optional<Address> listen =
        section
            .require("listen", Address.EXPECTED)
            .flatMap(at -> at.parsed(Address.EXPECTED, Address::parse));
    Optional<Path> token =
        section
            .get("token-file")
            .flatMap(
                at ->
                    at.parsed(
                        "a file's path",
                        text -> file.resolveSibling(ConfigurationReader.pathOf(text))));
    if (listen.isPresent() && token.isEmpty() && !listen.get().isLoopback()) {
      section.complain(
          "api listens on " + listen.get() + " without a token-file",
          "token-file: PATH, or an address of this machine's loopback such as 127.0.0.1:7401");
    }
    return listen.map(address -> new Api(address, token.orElse(null)));
  }
}

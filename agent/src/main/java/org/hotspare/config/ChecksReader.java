package org.hotspare.config;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hotspare.config.Check.Probe;
import org.hotspare.config.Check.Statuses;

/** Reads what tells whether the primary works. */
final class ChecksReader {
  private static final List<String> KINDS = List.of("http", "tcp", "ping", "exec");
  private static final Duration DEFAULT_EVERY = Duration.ofSeconds(1);
  private static final Duration LEAST_EVERY = Duration.ofMillis(100);
  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(1);

  /** In less, nothing can be told on a machine that does something else, too. */
  private static final Duration LEAST_TIMEOUT = Duration.ofMillis(20);

  /** Those below 200 are never the last answer to a request. */
  private static final Pattern STATUS = Pattern.compile("([2-5])(xx|[0-9]{2})");

  private static final Pattern NAME = Pattern.compile("\\S(?:[^\\p{Cntrl}]{0,78}\\S)?");

  private final Set<String> names = new HashSet<>();

  private ChecksReader() {}

  static List<Check> checks(Section top) {
    ChecksReader reader = new ChecksReader();
    return top.each("checks", reader::check);
  }

  private Optional<Check> check(Value value) {
    Section section =
        value.section(
            "name", "http", "status", "body", "tcp", "ping", "exec", "every", "timeout", "fall",
            "rise");
    List<Probe> probes =
        KINDS.stream()
            .flatMap(kind -> section.get(kind).flatMap(at -> probe(kind, at, section)).stream())
            .toList();
    long kinds = KINDS.stream().filter(kind -> section.get(kind).isPresent()).count();
    if (kinds != 1) {
      value.complain(
          value.name() + (kinds == 0 ? " says not what to look at" : " looks at several things"),
          "one of http: URL, tcp: HOST:PORT, ping: HOST, exec: COMMAND in each check");
    }
    if (section.get("http").isEmpty()) {
      List.of("status", "body")
          .forEach(key -> section.key(key).ifPresent(ChecksReader::complainOfHttpOnly));
    }
    String name = section.get("name").flatMap(this::name).orElse("");
    Duration every = section.duration("every", DEFAULT_EVERY);
    if (every.compareTo(LEAST_EVERY) < 0) {
      section
          .get("every")
          .orElse(value)
          .complain(value.name() + ".every is too short", "at least 100ms");
      return Optional.empty();
    }
    Duration timeout = timeout(value, section, every);
    int fall = section.count("fall", 3, 1, 1000);
    int rise = section.count("rise", 2, 1, 1000);
    return probes.stream()
        .findFirst()
        .map(probe -> new Check(name, probe, every, timeout, fall, rise));
  }

  private Optional<String> name(Value at) {
    Optional<String> name =
        at.parsed(
            "at most 80 printable characters",
            text -> {
              if (!NAME.matcher(text).matches()) {
                throw new IllegalArgumentException(text);
              }
              return text;
            });
    if (name.isPresent() && !names.add(name.get())) {
      at.complain("another check has the name \"" + name.get() + "\"", "a name for each");
    }
    return name;
  }

  private static void complainOfHttpOnly(Value key) {
    key.complain("this check asks no web server", "status and body only beside http: URL");
  }

  private static Duration timeout(Value value, Section section, Duration every) {
    Duration longest = every.compareTo(DEFAULT_TIMEOUT) < 0 ? every : DEFAULT_TIMEOUT;
    Duration timeout = section.duration("timeout", longest);
    Value at = section.get("timeout").orElse(value);
    if (timeout.compareTo(every) > 0) {
      at.complain(value.name() + ".timeout does not fit every", "at most as long as every");
      return longest;
    }
    if (timeout.compareTo(LEAST_TIMEOUT) < 0) {
      at.complain(value.name() + ".timeout is too short", "at least 20ms");
      return longest;
    }
    return timeout;
  }

  private static Optional<Probe> probe(String kind, Value at, Section section) {
    return switch (kind) {
      case "http" -> http(at, section);
      case "tcp" -> at.parsed(Address.EXPECTED, text -> new Check.Tcp(Address.parse(text)));
      case "ping" ->
          at.parsed(
              "primary, or a host's name or address",
              text -> new Check.Ping(new Address(text, 1).host()));
      case "exec" -> at.text(TakeoverReader.COMMAND_EXPECTED).map(Check.Exec::new);
      default -> throw new IllegalStateException(kind);
    };
  }

  private static Optional<Probe> http(Value at, Section section) {
    Optional<String> url = WebAddress.read(at);
    List<Statuses> expected =
        section.each(
            "status",
            item ->
                item.parsed("a status from 200 on, such as 200 or 2xx", ChecksReader::statuses));
    String body = section.scalar("body", "", "a regular expression", ChecksReader::expression);
    return url.map(text -> new Check.Http(text, expected, body));
  }

  private static Statuses statuses(String text) {
    Matcher status = STATUS.matcher(text);
    if (!status.matches()) {
      throw new IllegalArgumentException(text);
    }
    int hundred = Integer.parseInt(status.group(1)) * 100;
    if (status.group(2).equals("xx")) {
      return new Statuses(hundred, hundred + 99);
    }
    int code = hundred + Integer.parseInt(status.group(2));
    return new Statuses(code, code);
  }

  private static String expression(String text) {
    return Pattern.compile(text).pattern();
  }
}

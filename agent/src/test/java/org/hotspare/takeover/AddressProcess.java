package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hotspare.testing.Command;

/** Drives an {@link AddressMain} on a node of an {@link AddressNetwork}. */
final class AddressProcess implements AutoCloseable {
  private static final String REPORT = "report ";
  private static final String EXTENDED = "extended ";

  private final Lines lines;
  private final List<String> reports = new ArrayList<>();
  private long extendedNanos;
  private boolean isFresh = true;

  /**
   * @param prefix of its command line
   */
  AddressProcess(String namespace, List<String> prefix) {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-Xmx64m", "-cp", System.getProperty("java.class.path")));
    command.add(AddressMain.class.getName());
    lines = new Lines(namespace, command);
    answer();
  }

  /** Has it begin anew, as if it had just been started. */
  void open(String networkInterface, List<String> services) {
    reports.clear();
    isFresh = true;
    assertThat(ask("open %s %s".formatted(networkInterface, String.join(" ", services))))
        .as("of %s", reports)
        .isEqualTo("opened");
  }

  /** Has it do something, and returns its answer when that is done. */
  String ask(String order) {
    lines.say(order);
    return answer();
  }

  /** Has it do something that goes on until the next order. */
  void begin(String order) {
    lines.say(order);
  }

  /** The answer to an order that was begun. */
  String answer() {
    while (true) {
      String line = lines.next();
      if (line.startsWith("= ")) {
        return line.substring(2);
      }
      note(line);
    }
  }

  private void note(String line) {
    if (line.startsWith(REPORT)) {
      reports.add(line.substring(REPORT.length()));
    } else if (line.startsWith(EXTENDED)) {
      extendedNanos = Long.parseLong(line.substring(EXTENDED.length()));
    }
  }

  /** All that it has reported before its last answer. */
  List<String> reports() {
    return List.copyOf(reports);
  }

  /** What its state says of all addresses together, such as {@code claimed}. */
  long sum(String count) {
    return Arrays.stream(ask("states").split("; ", -1))
        .mapToLong(state -> Long.parseLong(state.replaceAll(".* " + count + "=([0-9]+) .*", "$1")))
        .sum();
  }

  /** When it was about to extend last, before its last answer or its end. */
  long extendedNanos() {
    return extendedNanos;
  }

  /**
   * @param limits as {@code prlimit --nofile} has them
   */
  void limitFiles(String limits) {
    isFresh = false;
    Command.succeed(List.of("prlimit", "--pid", "" + lines.pid(), "--nofile=" + limits));
  }

  /** SIGKILL; returns when it is gone. */
  void kill() throws InterruptedException {
    isFresh = false;
    lines.close();
    lines.rest().forEach(this::note);
  }

  /** Whether it can be opened for another test. */
  boolean isFresh() {
    return isFresh;
  }

  @Override
  public void close() {
    lines.close();
  }
}

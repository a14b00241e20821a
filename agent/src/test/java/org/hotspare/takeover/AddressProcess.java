package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hotspare.testing.Command;

/** Drives an {@link AddressMain} on a node of an {@link AddressNetwork}. */
final class AddressProcess extends DrivenProcess {
  private static final String REPORT = "report ";
  private static final String EXTENDED = "extended ";

  private final List<String> reports = new ArrayList<>();
  private long extendedNanos;
  private boolean isFresh = true;

  /**
   * @param prefix of its command line
   */
  AddressProcess(String namespace, List<String> prefix) {
    super(namespace, AddressMain.class, prefix);
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

  @Override
  void note(String line) {
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
    Command.succeed(List.of("prlimit", "--pid", pid(), "--nofile=" + limits));
  }

  /** Has it extend for so many milliseconds, and take no further order. */
  String freeze(int millis) {
    isFresh = false;
    return ask("freeze " + millis);
  }

  @Override
  void kill() throws InterruptedException {
    isFresh = false;
    super.kill();
  }

  /** Whether it can be opened for another test. */
  boolean isFresh() {
    return isFresh;
  }
}

package org.hotspare.takeover;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hotspare.testing.Command;

/** {@code gate_traffic.py observe}: asks without pause, and tells in the end what was answered. */
final class Observer implements AutoCloseable {
  private final Lines lines;

  Observer(String namespace, int intervalMillis, String... targets) {
    List<Object> arguments = new ArrayList<>(List.of("observe", intervalMillis));
    arguments.addAll(Arrays.asList(targets));
    lines = new Lines(namespace, Command.script("gate_traffic", arguments.toArray()));
    lines.next();
  }

  /** All questions, target by target. */
  List<Question> finish() {
    return lines.finish().stream().map(Question::parse).toList();
  }

  /**
   * A question and its answer, in nanoseconds of CLOCK_MONOTONIC.
   *
   * @param target its kind and address
   * @param sentNanos before it was sent
   * @param receivedNanos after it was answered; 0 if it was not
   */
  record Question(String target, long sentNanos, long receivedNanos) {
    static Question parse(String line) {
      String[] words = line.split(" ", -1);
      return new Question(words[0], Long.parseLong(words[1]), Long.parseLong(words[2]));
    }

    boolean isAnswered() {
      return receivedNanos != 0;
    }
  }

  @Override
  public void close() {
    lines.close();
  }
}

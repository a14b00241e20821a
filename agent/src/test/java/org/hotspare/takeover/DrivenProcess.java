package org.hotspare.takeover;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.testing.JavaProgram;

/**
 * Drives a main class of these tests in a process of its own, in a network namespace: gives it
 * {@link Orders}, and takes its answers, each a line that begins with {@code =}. It answers once
 * unasked, when it has started.
 */
abstract class DrivenProcess implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final Lines lines;

  /**
   * @param prefix of its command line
   */
  DrivenProcess(String namespace, Class<?> main, List<String> prefix) {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(JavaProgram.command(List.of("-XX:+UseSerialGC", "-Xmx64m"), main));
    lines = new Lines(namespace, command);
  }

  /** Takes what it prints besides its answers. */
  abstract void note(String line);

  /** Has it do something, and returns its answer when that is done. */
  final String ask(String order) {
    lines.say(order);
    return answer();
  }

  /** Has it do something that goes on until the next order. */
  final void begin(String order) {
    lines.say(order);
  }

  /**
   * The answer to an order that was begun.
   *
   * @throws AssertionError if there is none for a minute, whatever else it prints
   */
  final String answer() {
    return answer(LIMIT);
  }

  /**
   * The answer to an order that takes long.
   *
   * @throws AssertionError if there is none for that long, whatever else it prints
   */
  final String answer(Duration limit) {
    long until = System.nanoTime() + limit.toNanos();
    while (System.nanoTime() - until < 0) {
      String line = lines.next();
      if (line.startsWith("= ")) {
        return line.substring(2);
      }
      note(line);
    }
    throw new AssertionError("no answer within " + limit);
  }

  final String pid() {
    return String.valueOf(lines.pid());
  }

  /** SIGKILL; returns when it is gone, and all that it printed is noted. */
  void kill() throws InterruptedException {
    lines.close();
    lines.rest().forEach(this::note);
  }

  @Override
  public final void close() {
    lines.close();
  }
}

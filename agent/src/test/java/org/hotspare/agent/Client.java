package org.hotspare.agent;

import static org.hotspare.testing.Await.await;

import java.time.Duration;
import java.util.List;
import org.hotspare.testing.Background;

/**
 * A client that asks all the time who answers: {@code who_answers.py}, or {@code poll_answers.py}.
 */
final class Client implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  private final Background program;

  Client(Background program) {
    this.program = program;
  }

  /**
   * What it has seen so far: whenever another answered, the milliseconds since the last answer
   * before, and who.
   */
  List<String> changes() {
    return program.lines();
  }

  /** Who has answered it so far, in turn. */
  List<String> answered() {
    return changes().stream().map(line -> line.substring(line.indexOf(' ') + 1)).toList();
  }

  void awaitAnswer() throws InterruptedException {
    await("an answer", LIMIT, () -> !answered().isEmpty());
  }

  void awaitAnswer(String name) throws InterruptedException {
    await("an answer of " + name, LIMIT, () -> isLast(answered(), name));
  }

  private static boolean isLast(List<String> names, String name) {
    return !names.isEmpty() && names.getLast().equals(name);
  }

  @Override
  public void close() {
    program.close();
  }
}

package org.hotspare.testing;

import java.time.Duration;

/**
 * A script that writes beside a test, ends by itself and prints a number. Closing kills it where it
 * still runs.
 */
public final class Writer implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final Background program;

  private Writer(Background program) {
    this.program = program;
  }

  /** Starts the script of this name. */
  public static Writer start(String script, Object... arguments) {
    return new Writer(new Background(Command.script(script, arguments)));
  }

  /**
   * Waits until it ends and returns the number that it prints at last.
   *
   * @throws AssertionError if it fails, or runs for minutes
   */
  public int await() {
    String[] lines = program.await(LIMIT).strip().split("\n", -1);
    return Integer.parseInt(lines[lines.length - 1]);
  }

  @Override
  public void close() {
    program.close();
  }
}

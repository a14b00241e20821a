package org.hotspare.testing;

import java.nio.file.Path;
import java.time.Duration;

/** A local user who swaps entries of a tree for ways out of it. Closing stops it. */
public final class Swaps implements AutoCloseable {
  private final Background program;
  private final Duration duration;

  private Swaps(Background program, Duration duration) {
    this.program = program;
    this.duration = duration;
  }

  /**
   * Starts swapping what is in {@code swapped/} of the tree.
   *
   * @param outside where the links lead; a file {@code canary} is in it
   * @param hardLinks whether hard links to that file are planted too
   */
  public static Swaps start(
      Path tree, Path outside, Duration duration, long seed, boolean hardLinks) {
    String seconds = String.valueOf(duration.toMillis() / 1000.0);
    return new Swaps(
        new Background(
            hardLinks
                ? Command.script("swap", tree, outside, seconds, seed, "--hard-links")
                : Command.script("swap", tree, outside, seconds, seed)),
        duration);
  }

  public boolean isRunning() {
    return program.isRunning();
  }

  /**
   * Waits until it ends by itself.
   *
   * @throws AssertionError if it failed, or runs a minute longer than it should
   */
  public void await() {
    program.await(duration.plusMinutes(1));
  }

  @Override
  public void close() {
    program.close();
  }
}

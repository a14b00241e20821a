package org.hotspare.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waits for what is to happen within a time that is long enough on a busy machine. */
public final class Await {
  public static final Duration LIMIT = Duration.ofSeconds(90);

  /** What is asked for costs whoever answers, too. */
  private static final long SHORTEST_PAUSE = 5;

  private static final long LONGEST_PAUSE = 50;

  private Await() {}

  /** Polls until the condition holds, more and more slowly. */
  public static void await(String what, BooleanSupplier condition) throws InterruptedException {
    await(what, LIMIT, condition);
  }

  public static void await(String what, Duration limit, BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    long pause = SHORTEST_PAUSE;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waiting until %s", what).isLessThan(deadline);
      Thread.sleep(pause);
      pause = Math.min(pause + pause / 4, LONGEST_PAUSE);
    }
  }
}

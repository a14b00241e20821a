package org.hotspare.wire;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: twice as long after each failure, up to a limit, and
 * each time a random part of it less, so that several nodes do not all come back at once. For one
 * thread.
 */
public final class Backoff {
  private final Duration first;
  private final Duration longest;
  private final RandomGenerator random;
  private int failures;

  /**
   * @throws IllegalArgumentException unless {@code 0 < first <= longest}
   */
  public Backoff(Duration first, Duration longest, RandomGenerator random) {
    if (!first.isPositive() || first.compareTo(longest) > 0) {
      throw new IllegalArgumentException("not a backoff: " + first + " to " + longest);
    }
    this.first = first;
    this.longest = longest;
    this.random = random;
  }

  /** Between half of the doubled time and all of it. */
  public Duration next() {
    long full = longest.toNanos();
    if (failures < Long.SIZE - 1 && first.toNanos() <= full >> failures) {
      full = first.toNanos() << failures;
      failures++;
    }
    return Duration.ofNanos(full - (long) (full / 2.0 * random.nextDouble()));
  }

  /** After a success. */
  public void reset() {
    failures = 0;
  }
}

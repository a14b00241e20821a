package org.hotspare.health;

import java.time.Duration;

/**
 * When to look, and how many looks decide.
 *
 * @param every from the beginning of one look to that of the next
 * @param timeout within which a look has to answer; not longer than {@code every}, so that each
 *     period has its own result
 * @param fall failures in a row after which it counts as down
 * @param rise successes in a row after which it counts as up
 */
public record Schedule(Duration every, Duration timeout, int fall, int rise) {
  public Schedule {
    if (!every.isPositive() || !timeout.isPositive() || timeout.compareTo(every) > 0) {
      throw new IllegalArgumentException("timeout " + timeout + " of every " + every);
    }
    if (fall < 1 || rise < 1) {
      throw new IllegalArgumentException("fall " + fall + ", rise " + rise);
    }
  }
}

package org.hotspare.health;

import java.time.Duration;
import org.hotspare.health.Outcome.Failed;
import org.hotspare.health.Outcome.Passed;

/**
 * How a check stands.
 *
 * @param sinceNanos when it became so: UP and DOWN when the result that decided came in
 * @param looks results so far
 * @param inARow how many of the last results were alike: positive for successes, negative for
 *     failures
 * @param text what the last result said, empty before the first
 * @param took how long the last look took, or was waited for
 */
public record Standing(
    Health health, long sinceNanos, long looks, int inARow, String text, Duration took) {
  static Standing unknown(long nowNanos) {
    return new Standing(Health.UNKNOWN, nowNanos, 0, 0, "", Duration.ZERO);
  }

  /** How it stands after one more result. */
  Standing after(Outcome outcome, Duration lasted, Schedule schedule, long nowNanos) {
    int row =
        switch (outcome) {
          case Passed _ -> Math.max(0, inARow) + 1;
          case Failed _ -> Math.min(0, inARow) - 1;
        };
    Health now =
        row >= schedule.rise() ? Health.UP : -row >= schedule.fall() ? Health.DOWN : health;
    return new Standing(
        now, now == health ? sinceNanos : nowNanos, looks + 1, row, outcome.text(), lasted);
  }
}

package org.hotspare.health;

import java.time.Duration;
import org.hotspare.health.Outcome.Failed;
import org.hotspare.health.Outcome.Passed;
import org.hotspare.health.Outcome.Unable;

/**
 * How a check stands.
 *
 * @param sinceNanos when it became so: UP and DOWN when the result that decided came in
 * @param looks results so far
 * @param inARow how many of the last results were alike: positive for successes, negative for
 *     failures
 * @param text what the last result said, empty before the first
 * @param took how long the last look took, or was waited for
 * @param unable why it cannot be looked now, which leaves all else as it was before; empty where it
 *     can
 */
public record Standing(
    Health health,
    long sinceNanos,
    long looks,
    int inARow,
    String text,
    Duration took,
    String unable) {
  static Standing unknown(long nowNanos) {
    return new Standing(Health.UNKNOWN, nowNanos, 0, 0, "", Duration.ZERO, "");
  }

  /** How it stands after one more look. */
  Standing after(Outcome outcome, Duration lasted, Schedule schedule, long nowNanos) {
    return switch (outcome) {
      case Passed(String said) ->
          counted(Math.max(0, inARow) + 1, said, lasted, schedule, nowNanos);
      case Failed(String said) ->
          counted(Math.min(0, inARow) - 1, said, lasted, schedule, nowNanos);
      case Unable(String why) -> unable(why);
    };
  }

  private Standing counted(
      int row, String said, Duration lasted, Schedule schedule, long nowNanos) {
    Health now =
        row >= schedule.rise() ? Health.UP : -row >= schedule.fall() ? Health.DOWN : health;
    return new Standing(
        now, now == health ? sinceNanos : nowNanos, looks + 1, row, said, lasted, "");
  }

  /** The same, but it cannot be looked. */
  Standing unable(String why) {
    return new Standing(health, sinceNanos, looks, inARow, text, took, why);
  }
}

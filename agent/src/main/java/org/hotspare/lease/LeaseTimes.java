package org.hotspare.lease;

import java.time.Duration;

/**
 * How long things take, in nanoseconds.
 *
 * @param durationNanos how long a voter that acknowledged a renewal endorses nobody else
 * @param validityNanos how long the holder holds after it sent a renewal: less than the duration by
 *     as much as two clocks can run apart in it
 * @param renewalNanos how often the holder renews
 */
public record LeaseTimes(long durationNanos, long validityNanos, long renewalNanos) {
  /**
   * Clock daemons slew by up to 8 %; the two clocks then differ by 16 % at most. The rest is for
   * the kernel's timeouts, which end late by a tick.
   */
  private static final double VALIDITY = 0.8;

  private static final int RENEWALS = 10;

  public LeaseTimes {
    if (renewalNanos <= 0 || renewalNanos >= validityNanos || validityNanos > durationNanos) {
      throw new IllegalArgumentException(
          "a lease of %d ns, valid for %d ns, renewed every %d ns"
              .formatted(durationNanos, validityNanos, renewalNanos));
    }
  }

  /** See {@link #durationNanos}. */
  public Duration duration() {
    return Duration.ofNanos(durationNanos);
  }

  /** The duration as it is told to others and written down. */
  long durationMillis() {
    return durationNanos / 1_000_000;
  }

  /** The times of a lease of that duration. */
  public static LeaseTimes of(Duration duration) {
    long nanos = duration.toNanos();
    return new LeaseTimes(nanos, (long) (nanos * VALIDITY), nanos / RENEWALS);
  }
}

package org.hotspare.takeover;

import java.time.Duration;
import org.hotspare.linux.AssignedAddress;

/**
 * How long an address is to stay.
 *
 * @param nanos of {@link System#nanoTime}; without meaning if it stays for good
 */
public record Until(boolean forever, long nanos) {
  static final Until FOREVER = new Until(true, 0);

  /** The longest that is not for good: 136 years. */
  private static final long MAX_SECONDS = AssignedAddress.FOREVER - 1;

  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  /** The kernel counts in ticks, and takes an address away up to 20 ms early. */
  private static final long EARLY = Duration.ofMillis(40).toNanos();

  static Until after(Duration time) {
    return new Until(false, System.nanoTime() + time.toNanos());
  }

  boolean isLaterThan(Until other) {
    return !other.forever && (forever || nanos - other.nanos > 0);
  }

  boolean isOver(long nowNanos) {
    return !forever && nowNanos - nanos >= 0;
  }

  /**
   * The whole seconds for which the kernel has to keep an address, so that it stays until then; at
   * least 1.
   *
   * @throws IllegalArgumentException if it {@link #isOver}: for the kernel, less than no time is
   *     for ever
   */
  long seconds(long nowNanos) {
    if (isOver(nowNanos)) {
      throw new IllegalArgumentException("over since " + (nowNanos - nanos) + " ns");
    }
    return forever
        ? AssignedAddress.FOREVER
        : Math.min(MAX_SECONDS, Math.ceilDiv(nanos - nowNanos + EARLY, SECOND));
  }

  /** Until when the kernel keeps it at least, if it was told that number of seconds after now. */
  static Until kept(long seconds, long nowNanos) {
    return seconds == AssignedAddress.FOREVER
        ? FOREVER
        : new Until(false, nowNanos + seconds * SECOND - EARLY);
  }
}

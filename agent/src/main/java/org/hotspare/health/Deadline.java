package org.hotspare.health;

import java.time.Duration;

/**
 * When the time of one look is over: when this process has run for its timeout, not when that has
 * passed by the clock. It is to be asked at least every 50 ms; what it is asked later than that, it
 * takes for a stall of this process and adds to the deadline. So a stall is seen up to 50 ms
 * shorter than it was.
 *
 * <p>Stalls are added until they come to the timeout, each of them whole, and a few times a stall
 * that ends beyond the deadline is followed by a short time in which this process runs: the answer
 * may be there and have waited for this process. So a machine that is always late finds a dead
 * server, too, if later.
 *
 * <p>Owned by one thread.
 */
final class Deadline {
  private static final long PERIOD_NANOS = Duration.ofMillis(50).toNanos();

  /** Less is a matter of how exactly a thread is woken. */
  static final long LATE_NANOS = Duration.ofMillis(5).toNanos();

  /** Enough for what waits for this process to be taken. */
  static final long GRACE_NANOS = Duration.ofMillis(50).toNanos();

  private static final int GRACES = 3;

  private long overNanos;
  private long askedNanos;

  /** For how much of stalls it is still put off. */
  private long creditNanos;

  private int graces;

  Deadline(long timeoutNanos, long nowNanos) {
    this.overNanos = nowNanos + timeoutNanos;
    this.askedNanos = nowNanos;
    this.creditNanos = timeoutNanos;
  }

  /** When it is over if no further stall comes. */
  long nanos() {
    return overNanos;
  }

  /** When to ask again. */
  long nextNanos() {
    return Math.min(overNanos - askedNanos, PERIOD_NANOS) + askedNanos;
  }

  boolean isOver(long nowNanos) {
    long late = nowNanos - nextNanos();
    askedNanos = nowNanos;
    if (late >= LATE_NANOS) {
      putOff(late, nowNanos);
    }
    return nowNanos - overNanos >= 0;
  }

  private void putOff(long stall, long nowNanos) {
    if (creditNanos > 0) {
      overNanos += stall;
      creditNanos -= stall;
    }
    if (overNanos - nowNanos < GRACE_NANOS && graces < GRACES) {
      graces++;
      overNanos = nowNanos + GRACE_NANOS;
    }
  }
}

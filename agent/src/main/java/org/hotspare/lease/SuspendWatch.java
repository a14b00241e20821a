package org.hotspare.lease;

import java.util.function.LongSupplier;

/**
 * Tells when the machine was suspended: CLOCK_BOOTTIME counts that time and CLOCK_MONOTONIC_RAW
 * does not. The two also run apart because one of them is adjusted in rate.
 */
final class SuspendWatch {
  /** Of the time that passed, clock daemons slew by up to 8 %. */
  private static final int SLEWED = 10;

  private static final long JITTER_NANOS = 20_000_000;

  /** Between two readings of one clock with the other in between, unless the thread was stalled. */
  private static final long TOGETHER_NANOS = 1_000_000;

  private final LongSupplier raw;
  private final LongSupplier boot;
  private long rawNanos;
  private long bootNanos;
  private boolean started;

  SuspendWatch(LongSupplier raw, LongSupplier boot) {
    this.raw = raw;
    this.boot = boot;
  }

  /** Whether it was since the last call, for longer than can be told from the clocks' rates. */
  boolean happened() {
    long before = raw.getAsLong();
    long between = boot.getAsLong();
    long after = raw.getAsLong();
    if (after - before > TOGETHER_NANOS) {
      // Not readings of one moment: the next call tells.
      return false;
    }
    long passed = before - rawNanos;
    long ahead = (between - bootNanos) - passed;
    boolean earlier = started;
    started = true;
    rawNanos = before;
    bootNanos = between;
    return earlier && ahead > passed / SLEWED + JITTER_NANOS;
  }
}

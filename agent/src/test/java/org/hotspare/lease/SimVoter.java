package org.hotspare.lease;

import org.hotspare.wire.Frame.Lease;

/** A voter that keeps all rules but one. */
final class SimVoter extends Voter {
  private final Breach breach;
  private final long durationMillis;

  SimVoter(Breach breach, LeaseTimes times, Promise promise, long formerNanos, long nowNanos) {
    super(
        breach == Breach.EARLY_ENDORSEMENT ? hasty(times) : times,
        breach == Breach.FORGOTTEN_PROMISE ? Promise.NONE : promise,
        breach == Breach.FORGOTTEN_DURATION || breach == Breach.EARLY_ENDORSEMENT ? 0 : formerNanos,
        breach == Breach.NO_WAIT_AFTER_START
            ? nowNanos - Math.max(formerNanos, times.durationNanos())
            : nowNanos);
    this.breach = breach;
    this.durationMillis = times.durationMillis();
  }

  private static LeaseTimes hasty(LeaseTimes times) {
    long renewal = times.renewalNanos();
    return new LeaseTimes(3 * renewal, 2 * renewal, renewal);
  }

  @Override
  boolean countsBy(long millis) {
    return millis == durationMillis || breach == Breach.OTHER_DURATION;
  }

  @Override
  boolean acknowledges(String holder, Lease.Renewal renewal, long nowNanos) {
    boolean late = breach == Breach.LATE_ACKNOWLEDGEMENT && countsBy(renewal.durationMillis());
    return super.acknowledges(holder, renewal, nowNanos) || late;
  }
}

package org.hotspare.lease;

/** A voter that keeps all rules but one. */
final class SimVoter extends Voter {
  private final Breach breach;

  SimVoter(Breach breach, LeaseTimes times, Promise promise, long nowNanos) {
    super(
        breach == Breach.EARLY_ENDORSEMENT ? hasty(times) : times,
        breach == Breach.FORGOTTEN_PROMISE ? Promise.NONE : promise,
        breach == Breach.NO_WAIT_AFTER_START ? nowNanos - times.durationNanos() : nowNanos);
    this.breach = breach;
  }

  private static LeaseTimes hasty(LeaseTimes times) {
    long renewal = times.renewalNanos();
    return new LeaseTimes(3 * renewal, 2 * renewal, renewal);
  }

  @Override
  boolean acknowledges(String holder, long epoch, long nowNanos) {
    return super.acknowledges(holder, epoch, nowNanos) || breach == Breach.LATE_ACKNOWLEDGEMENT;
  }
}

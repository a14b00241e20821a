package org.hotspare.lease;

import org.hotspare.wire.Frame.Lease;

/**
 * The rules of one voter: which renewals it acknowledges and whom it endorses.
 *
 * <p>Invariants: the promised and the acknowledged epoch never fall; between the acknowledgement of
 * one epoch and the endorsement of a higher one the lease's duration passes, unless the lower epoch
 * is known to be over; what was acknowledged before the last start counts as acknowledged at the
 * start.
 *
 * <p>Owned by the thread of its {@link LeaseMember}.
 */
class Voter {
  private final LeaseTimes times;
  private final long startedNanos;
  private Promise promise;
  private long acknowledgedEpoch;
  private String acknowledgedHolder = "";
  private long acknowledgedNanos;
  private long releasedEpoch;

  /**
   * @param promise what it promised before it was started
   */
  Voter(LeaseTimes times, Promise promise, long nowNanos) {
    this.times = times;
    this.promise = promise;
    this.startedNanos = nowNanos;
  }

  /** The highest epoch that it endorsed or acknowledged. */
  long knownEpoch() {
    return Math.max(promise.epoch(), acknowledgedEpoch);
  }

  Promise promise() {
    return promise;
  }

  /**
   * Whether it acknowledges a renewal of that epoch; from now on it endorses nobody for a while. An
   * epoch is of whom it heard of first, whomever this voter endorsed for it: only who was endorsed
   * by a majority sends renewals, and no other can have been.
   */
  boolean acknowledges(String holder, long epoch, long nowNanos) {
    boolean ofAnother = epoch == acknowledgedEpoch && !holder.equals(acknowledgedHolder);
    if (epoch < knownEpoch() || epoch <= releasedEpoch || ofAnother) {
      return false;
    }
    acknowledgedEpoch = epoch;
    acknowledgedHolder = holder;
    acknowledgedNanos = nowNanos;
    return true;
  }

  /** Its holder says that nobody holds that epoch any more, nor one before it. */
  void released(String holder, long epoch) {
    if (epoch == acknowledgedEpoch && holder.equals(acknowledgedHolder)) {
      releasedEpoch = Math.max(releasedEpoch, epoch);
    }
  }

  /**
   * Whether it would endorse a candidate. One that it endorsed already for this epoch is endorsed
   * again: the answer may have been lost.
   */
  boolean wouldEndorse(String candidate, Lease.Ballot ballot, long nowNanos) {
    if (ballot.epoch() == promise.epoch()) {
      return candidate.equals(promise.candidate());
    }
    return ballot.epoch() > knownEpoch() && isOver(ballot.over(), nowNanos);
  }

  /**
   * Whether nobody can hold the lease any more, as far as this voter knows.
   *
   * @param off see {@link Lease.Ballot#over}
   */
  boolean isOver(long off, long nowNanos) {
    if (nowNanos - startedNanos < times.durationNanos()) {
      return false;
    }
    boolean ended = acknowledgedEpoch <= Math.max(releasedEpoch, off);
    return ended || nowNanos - acknowledgedNanos >= times.durationNanos();
  }

  /** From when on it would endorse somebody for an epoch that is high enough. */
  long freeAtNanos() {
    long started = startedNanos + times.durationNanos();
    if (acknowledgedEpoch <= releasedEpoch) {
      return started;
    }
    long acknowledged = acknowledgedNanos + times.durationNanos();
    return acknowledged - started < 0 ? started : acknowledged;
  }

  /**
   * Endorses a candidate. It must be told only when it is durable; lower epochs are refused at
   * once.
   */
  Promise endorse(String candidate, long epoch) {
    promise = new Promise(epoch, candidate);
    return promise;
  }
}

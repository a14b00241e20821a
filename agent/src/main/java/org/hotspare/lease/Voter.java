package org.hotspare.lease;

import org.hotspare.wire.Frame.Lease;

/**
 * The rules of one voter: which renewals it acknowledges and whom it endorses.
 *
 * <p>Invariants: the promised and the acknowledged epoch never fall; between the acknowledgement of
 * one epoch and the endorsement of a higher one the lease's duration passes, unless the lower epoch
 * is known to be over; it is the duration by which the holder counts, too, since no other holder is
 * told that it was acknowledged; what was acknowledged before the last start counts as acknowledged
 * at the start, and for as long as this voter counted then.
 *
 * <p>Owned by the thread of its {@link LeaseMember}.
 */
class Voter {
  private final LeaseTimes times;
  private final long startedNanos;

  /** For how long after the start it endorses nobody. */
  private final long formerNanos;

  private Promise promise;
  private long acknowledgedEpoch;
  private String acknowledgedHolder = "";
  private long acknowledgedNanos;
  private long releasedEpoch;

  /**
   * @param promise what it promised before it was started
   * @param formerNanos the longest duration that may still count of what it acknowledged then; less
   *     than its own counts as its own
   */
  Voter(LeaseTimes times, Promise promise, long formerNanos, long nowNanos) {
    this.times = times;
    this.promise = promise;
    this.formerNanos = Math.max(formerNanos, times.durationNanos());
    this.startedNanos = nowNanos;
  }

  /** The highest epoch that it endorsed or acknowledged. */
  long knownEpoch() {
    return Math.max(promise.epoch(), acknowledgedEpoch);
  }

  Promise promise() {
    return promise;
  }

  /** Whether somebody who counts by that duration counts as this voter does. */
  boolean countsBy(long durationMillis) {
    return durationMillis == times.durationMillis();
  }

  /**
   * Whether it acknowledges a renewal; from now on it endorses nobody for a while. An epoch is of
   * whom it heard of first, whomever this voter endorsed for it: only who was endorsed by a
   * majority sends renewals, and no other can have been.
   *
   * <p>Where the holder counts by another duration it does as if its acknowledgement was lost: a
   * longer one could count when this voter endorses somebody else. It does not endorse meanwhile,
   * since the primary is heard.
   */
  boolean acknowledges(String holder, Lease.Renewal renewal, long nowNanos) {
    long epoch = renewal.epoch();
    boolean ofAnother = epoch == acknowledgedEpoch && !holder.equals(acknowledgedHolder);
    if (epoch < knownEpoch() || epoch <= releasedEpoch || ofAnother) {
      return false;
    }
    acknowledgedEpoch = epoch;
    acknowledgedHolder = holder;
    acknowledgedNanos = nowNanos;
    return countsBy(renewal.durationMillis());
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
    if (!countsBy(ballot.durationMillis())) {
      return false;
    }
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
    if (!isFormerOver(nowNanos)) {
      return false;
    }
    boolean ended = acknowledgedEpoch <= Math.max(releasedEpoch, off);
    return ended || nowNanos - acknowledgedNanos >= times.durationNanos();
  }

  /** Whether it waits for longer after this start than its own duration asks for. */
  boolean waitsLonger() {
    return formerNanos > times.durationNanos();
  }

  /** Whether nothing counts any more of what it acknowledged before it was started. */
  boolean isFormerOver(long nowNanos) {
    return nowNanos - startedNanos >= formerNanos;
  }

  /** From when on it would endorse somebody for an epoch that is high enough. */
  long freeAtNanos() {
    long started = startedNanos + formerNanos;
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

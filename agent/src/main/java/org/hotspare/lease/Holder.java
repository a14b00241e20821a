package org.hotspare.lease;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.hotspare.wire.Frame.Lease;

/**
 * The lease of one epoch at the node that holds it: the rounds of renewals, and until when it
 * holds.
 *
 * <p>Invariant: the deadline is that of the newest round which a majority acknowledged, counted
 * from before it was sent. A voter that acknowledged a later round has acknowledged the earlier
 * ones: it did so after they were sent.
 */
final class Holder {
  private final long epoch;
  private final LeaseTimes times;
  private Majority voters;
  private final long begunNanos;
  private final Map<String, Long> acknowledged = new HashMap<>();

  /**
   * When the rounds were begun that no majority has acknowledged yet, and the last that one has.
   */
  private final TreeMap<Long, Long> begun = new TreeMap<>();

  private long lastRound;
  private long confirmedRound;
  private long deadlineNanos;

  Holder(long epoch, LeaseTimes times, Majority voters, long nowNanos) {
    this.epoch = epoch;
    this.times = times;
    this.voters = voters;
    this.begunNanos = nowNanos;
    // Until a first round is confirmed it holds nothing; this is how long it waits for that.
    this.deadlineNanos = nowNanos + times.validityNanos();
  }

  long epoch() {
    return epoch;
  }

  /** How a round is told to the voters. */
  Lease.Renewal renewal(long round) {
    return new Lease.Renewal(epoch, round, times.durationMillis());
  }

  /** Begins the next round, before its set is filled and before anything of it is sent. */
  long nextRound(long nowNanos) {
    lastRound++;
    begun.put(lastRound, nowNanos);
    return lastRound;
  }

  boolean isRenewalDue(long nowNanos) {
    return nowNanos - nextRenewalNanos() >= 0;
  }

  long nextRenewalNanos() {
    return begun.isEmpty() ? begunNanos : begun.lastEntry().getValue() + times.renewalNanos();
  }

  /**
   * A voter acknowledged a round.
   *
   * @return the round that a majority has acknowledged by that; 0 where it is none or an old one
   */
  long acknowledged(String voter, long round) {
    if (round < 1 || round > lastRound) {
      return 0;
    }
    acknowledged.merge(voter, round, Math::max);
    long newest = voters.newest(acknowledged);
    if (newest <= confirmedRound) {
      return 0;
    }
    confirmedRound = newest;
    begun.headMap(newest, false).clear();
    deadlineNanos = begun.firstEntry().getValue() + times.validityNanos();
    return newest;
  }

  /** Whether it holds by the majority of others just as it does now. */
  boolean isConfirmedBy(Majority others) {
    return isConfirmed() && others.newest(acknowledged) >= confirmedRound;
  }

  /** From now on the majority of these counts, by which it {@link #isConfirmedBy}. */
  void countBy(Majority others) {
    voters = others;
  }

  /** Whether it holds the lease at this instant. */
  boolean holds(long nowNanos) {
    return isConfirmed() && !isOver(nowNanos);
  }

  /** Whether a majority acknowledged any round. */
  boolean isConfirmed() {
    return confirmedRound > 0;
  }

  /** Whether the deadline has passed, or that for the first confirmation. */
  boolean isOver(long nowNanos) {
    return nowNanos - deadlineNanos >= 0;
  }

  long deadlineNanos() {
    return deadlineNanos;
  }
}

package org.hotspare.lease;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.hotspare.wire.Frame.Lease;

/**
 * One attempt to be endorsed for an epoch: first it asks whether it would be, which changes nothing
 * and disturbs nobody, and only when a majority says so it asks for endorsements.
 */
final class Candidacy {
  private final long epoch;
  private final long over;
  private final Majority voters;
  private final long untilNanos;
  private final long durationMillis;
  private final Set<String> endorsers = new HashSet<>();

  /** By what those count who count otherwise, in milliseconds. */
  private final Map<String, Long> otherDurations = new TreeMap<>();

  private boolean trial = true;
  private long known;

  Candidacy(long epoch, long over, Majority voters, long durationMillis, long untilNanos) {
    this.epoch = epoch;
    this.over = over;
    this.voters = voters;
    this.durationMillis = durationMillis;
    this.untilNanos = untilNanos;
  }

  Lease.Ballot ballot() {
    return new Lease.Ballot(epoch, trial, over, durationMillis);
  }

  long epoch() {
    return epoch;
  }

  /** Whether the answer is one to the question that is open. */
  boolean awaits(Lease.Vote vote) {
    return vote.epoch() == epoch && vote.trial() == trial;
  }

  /** Counts an answer; whether a majority has said yes by that. */
  boolean count(String voter, Lease.Vote vote) {
    known = Math.max(known, vote.known());
    if (vote.durationMillis() != durationMillis) {
      otherDurations.put(voter, vote.durationMillis());
    }
    if (!vote.endorsed()) {
      return false;
    }
    endorsers.add(voter);
    return voters.has(endorsers);
  }

  boolean isTrial() {
    return trial;
  }

  /** A majority would endorse it: now it is asked to. */
  void stand() {
    trial = false;
    endorsers.clear();
  }

  /** Whether some voter knows of this epoch or a higher one, so that no majority is to be had. */
  boolean isSuperseded() {
    return trial && known >= epoch;
  }

  /** Why no majority has endorsed it, in words. */
  String missing() {
    StringBuilder reason = new StringBuilder("no majority has answered");
    otherDurations.forEach(
        (voter, millis) ->
            reason.append(
                "; %s has a lease of %d ms configured, this node one of %d ms"
                    .formatted(voter, millis, durationMillis)));
    return reason.toString();
  }

  boolean isTooLate(long nowNanos) {
    return nowNanos - untilNanos >= 0;
  }

  long untilNanos() {
    return untilNanos;
  }
}

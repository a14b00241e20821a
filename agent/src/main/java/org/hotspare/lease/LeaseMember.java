package org.hotspare.lease;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One node's part in the lease: always a voter, at times a candidate, at times the holder. A pure
 * state machine, as raft's cores are: every call is told what happened and when, and returns the
 * {@link Step}s to perform before the next call.
 *
 * <p>Invariants, beside those of {@link Voter} and {@link Holder}: it is candidate or holder, never
 * both; a holder whose deadline has passed is none, whatever else the call was about; {@link
 * Step.Over} comes before anything that tells others so.
 *
 * <p>Owned by one thread. Nothing in it blocks.
 */
public final class LeaseMember {
  private final String self;
  private final LeaseTimes times;
  private final Majority voters;
  private final Voter voter;

  /** The candidate whose endorsement is not yet durable, by which it is told then. */
  private final List<Promise> unwritten = new ArrayList<>();

  private @Nullable Holder holder;
  private @Nullable Candidacy candidacy;

  /** The highest epoch that any other member spoke of. */
  private long heardEpoch;

  private List<Step> steps = new ArrayList<>();

  /**
   * @param voters the names of all voters, of this node too
   * @param promise what this node had made durable before it was started
   */
  public LeaseMember(
      String self, Set<String> voters, LeaseTimes times, Promise promise, long nowNanos) {
    this(self, Majority.of(voters), times, new Voter(times, promise, nowNanos));
  }

  LeaseMember(String self, Majority voters, LeaseTimes times, Voter voter) {
    this.self = self;
    this.voters = voters;
    this.times = times;
    this.voter = voter;
  }

  // ---- what happens

  /** A message of another member. */
  public List<Step> receive(String from, LeaseMessage message, long nowNanos) {
    return step(nowNanos, () -> take(from, message, nowNanos));
  }

  /** Time has passed; to be called at {@link #dueNanos} and whenever it suits. */
  public List<Step> tick(long nowNanos) {
    return step(nowNanos, () -> renewWhenDue(nowNanos));
  }

  /** A promise has become durable. */
  public List<Step> persisted(Promise promise, long nowNanos) {
    return step(nowNanos, () -> tellEndorsed(promise, nowNanos));
  }

  /**
   * Stands for the epoch after {@code recordedEpoch} and after all that it knows of. Ends with
   * {@link Step.Endorsed} or {@link Step.NotEndorsed}.
   *
   * @param recordedEpoch the epoch of the cluster's record
   * @param over see {@link LeaseMessage.Ballot#over}
   * @param patience how long the answers may take
   */
  public List<Step> campaign(long recordedEpoch, long over, Duration patience, long nowNanos) {
    return step(
        nowNanos,
        () -> {
          if (holder != null || candidacy != null) {
            return;
          }
          long epoch = Math.max(Math.max(recordedEpoch, heardEpoch), voter.knownEpoch()) + 1;
          candidacy = new Candidacy(epoch, over, voters, nowNanos + patience.toNanos());
          ask(candidacy, nowNanos);
        });
  }

  /** The record says that this node is primary of the epoch for which it was endorsed. */
  public List<Step> begin(long epoch, long nowNanos) {
    return step(
        nowNanos,
        () -> {
          candidacy = null;
          if (voter.knownEpoch() > epoch) {
            steps.add(new Step.Over(epoch, "another node was endorsed for a higher epoch"));
            return;
          }
          holder = new Holder(epoch, times, voters, nowNanos);
          renewWhenDue(nowNanos);
        });
  }

  /** Gives the lease up, so that another node need not wait for its end. */
  public List<Step> release(String reason, long nowNanos) {
    return step(
        nowNanos,
        () -> {
          Holder current = holder;
          if (current == null) {
            return;
          }
          over(current, reason);
          voter.released(current.epoch());
          sendToOthers(new LeaseMessage.Release(current.epoch()));
        });
  }

  // ---- what is the case

  /** Whether this node holds the lease at this instant. */
  public boolean holds(long nowNanos) {
    Holder current = holder;
    return current != null && current.holds(nowNanos);
  }

  /** The epoch that it holds, or is about to; 0 where it is none. */
  public long heldEpoch() {
    Holder current = holder;
    return current == null ? 0 : current.epoch();
  }

  public boolean isCandidate() {
    return candidacy != null;
  }

  /** When the next {@link #tick} is due. */
  public long dueNanos(long nowNanos) {
    Holder current = holder;
    if (current != null) {
      return earlier(current.nextRenewalNanos(), current.deadlineNanos());
    }
    Candidacy standing = candidacy;
    return standing != null ? standing.untilNanos() : nowNanos + times.durationNanos();
  }

  private static long earlier(long one, long other) {
    return one - other < 0 ? one : other;
  }

  // ---- the rules

  private List<Step> step(long nowNanos, Runnable work) {
    steps = new ArrayList<>();
    Holder current = holder;
    if (current != null && current.isOver(nowNanos)) {
      over(current, "no majority has acknowledged for too long");
    }
    work.run();
    Candidacy standing = candidacy;
    if (standing != null && standing.isTooLate(nowNanos)) {
      notEndorsed(standing, "no majority has answered");
    }
    return steps;
  }

  private void take(String from, LeaseMessage message, long nowNanos) {
    if (!voters.voters().contains(from) || from.equals(self)) {
      return;
    }
    switch (message) {
      case LeaseMessage.Renewal renewal -> {
        boolean acknowledged = voter.acknowledges(renewal.epoch(), nowNanos);
        giveWayTo(renewal.epoch());
        send(
            from,
            acknowledged
                ? new LeaseMessage.Renewed(renewal.epoch(), renewal.round())
                : new LeaseMessage.Superseded(renewal.epoch(), voter.knownEpoch()));
      }
      case LeaseMessage.Renewed renewed -> confirm(from, renewed.epoch(), renewed.round());
      case LeaseMessage.Superseded superseded -> superseded(superseded);
      case LeaseMessage.Ballot ballot -> answer(from, ballot, nowNanos);
      case LeaseMessage.Vote vote -> count(from, vote, nowNanos);
      case LeaseMessage.Release release -> voter.released(release.epoch());
    }
  }

  private void renewWhenDue(long nowNanos) {
    Holder current = holder;
    if (current == null || !current.isRenewalDue(nowNanos)) {
      return;
    }
    long round = current.nextRound(nowNanos);
    steps.add(new Step.Arm(current.epoch(), round, times.validityNanos()));
    sendToOthers(new LeaseMessage.Renewal(current.epoch(), round));
    if (voter.acknowledges(current.epoch(), nowNanos)) {
      confirm(self, current.epoch(), round);
    }
  }

  private void confirm(String from, long epoch, long round) {
    Holder current = holder;
    if (current == null || current.epoch() != epoch) {
      return;
    }
    long confirmed = current.acknowledged(from, round);
    if (confirmed > 0) {
      steps.add(new Step.Select(epoch, confirmed));
    }
  }

  private void superseded(LeaseMessage.Superseded superseded) {
    heardEpoch = Math.max(heardEpoch, superseded.known());
    Holder current = holder;
    if (current != null
        && current.epoch() == superseded.epoch()
        && superseded.known() > current.epoch()) {
      over(current, "a voter has endorsed another node");
    }
  }

  /** A higher epoch has a holder: whatever this node holds or stands for is of the past. */
  private void giveWayTo(long epoch) {
    heardEpoch = Math.max(heardEpoch, epoch);
    Holder current = holder;
    if (current != null && current.epoch() < epoch) {
      over(current, "another node is primary");
    }
    Candidacy standing = candidacy;
    if (standing != null && standing.epoch() <= epoch) {
      notEndorsed(standing, "another node is primary");
    }
  }

  private void answer(String from, LeaseMessage.Ballot ballot, long nowNanos) {
    boolean endorsed = voter.wouldEndorse(from, ballot, nowNanos);
    if (endorsed && !ballot.trial()) {
      promise(from, ballot.epoch());
      return;
    }
    send(from, new LeaseMessage.Vote(ballot.epoch(), ballot.trial(), endorsed, voter.knownEpoch()));
  }

  /** The answer waits until the promise is durable. */
  private void promise(String candidate, long epoch) {
    Promise promise = voter.endorse(candidate, epoch);
    unwritten.add(promise);
    steps.add(new Step.Persist(promise));
  }

  private void tellEndorsed(Promise promise, long nowNanos) {
    if (!unwritten.remove(promise)) {
      return;
    }
    LeaseMessage.Vote vote =
        new LeaseMessage.Vote(promise.epoch(), false, true, voter.knownEpoch());
    if (promise.candidate().equals(self)) {
      count(self, vote, nowNanos);
    } else {
      send(promise.candidate(), vote);
    }
  }

  private void ask(Candidacy standing, long nowNanos) {
    LeaseMessage.Ballot ballot = standing.ballot();
    sendToOthers(ballot);
    if (!voter.wouldEndorse(self, ballot, nowNanos)) {
      return;
    }
    if (ballot.trial()) {
      count(self, new LeaseMessage.Vote(ballot.epoch(), true, true, voter.knownEpoch()), nowNanos);
    } else {
      promise(self, ballot.epoch());
    }
  }

  private void count(String from, LeaseMessage.Vote vote, long nowNanos) {
    heardEpoch = Math.max(heardEpoch, vote.known());
    Candidacy standing = candidacy;
    if (standing == null || !standing.awaits(vote)) {
      return;
    }
    boolean majority = standing.count(from, vote);
    if (standing.isSuperseded()) {
      notEndorsed(standing, "a voter knows of a higher epoch");
    } else if (majority && standing.isTrial()) {
      standing.stand();
      ask(standing, nowNanos);
    } else if (majority) {
      candidacy = null;
      steps.add(new Step.Endorsed(standing.epoch()));
    }
  }

  private void over(Holder current, String reason) {
    holder = null;
    steps.add(new Step.Over(current.epoch(), reason));
  }

  private void notEndorsed(Candidacy standing, String reason) {
    candidacy = null;
    steps.add(new Step.NotEndorsed(standing.epoch(), reason));
  }

  private void sendToOthers(LeaseMessage message) {
    for (String other : voters.voters()) {
      if (!other.equals(self)) {
        send(other, message);
      }
    }
  }

  private void send(String to, LeaseMessage message) {
    steps.add(new Step.Send(to, message));
  }
}

package org.hotspare.lease;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hotspare.wire.Frame.Lease;
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
  /** No time. */
  public static final long NOT_HELD = Long.MIN_VALUE;

  private final String self;
  private final LeaseTimes times;

  /** All that may ever vote; whoever of them does not vote now hears of the lease all the same. */
  private final Majority all;

  /** Whose majority counts. */
  private Majority voters;

  /** Whose is to count as soon as this node holds the lease by theirs, too. */
  private @Nullable Majority next;

  private final Voter voter;

  /** The candidate whose endorsement is not yet durable, by which it is told then. */
  private final List<Promise> unwritten = new ArrayList<>();

  private @Nullable Holder holder;
  private @Nullable Candidacy candidacy;

  /** For which epoch it was endorsed and did not begin yet; 0 for none. */
  private long endorsedEpoch;

  /** The highest epoch that any other member spoke of. */
  private long heardEpoch;

  /** What others count by, in milliseconds, of whom the operator was told that they differ. */
  private final Map<String, Long> differing = new HashMap<>();

  /** Whether it still has to wait for longer than its own duration when it is started next. */
  private boolean waitsLonger;

  /** Whether it endorses nobody, since it may not have heard yet who votes; and until when. */
  private boolean listens;

  private long listensUntilNanos;

  /** Why it takes no part any more; empty where it does. */
  private String withdrawn = "";

  private List<Step> steps = new ArrayList<>();

  /**
   * @param voters the names of all voters, of this node too
   * @param promise what this node had made durable before it was started
   * @param former the longest duration that may still count of what it acknowledged then
   */
  public LeaseMember(
      String self,
      Set<String> voters,
      LeaseTimes times,
      Promise promise,
      Duration former,
      long nowNanos) {
    this(self, Majority.of(voters), times, new Voter(times, promise, former.toNanos(), nowNanos));
  }

  LeaseMember(String self, Majority voters, LeaseTimes times, Voter voter) {
    this.self = self;
    this.all = voters;
    this.voters = voters;
    this.times = times;
    this.voter = voter;
    this.waitsLonger = voter.waitsLonger();
  }

  // ---- what happens

  /** A message of another member. */
  public List<Step> receive(String from, Lease message, long nowNanos) {
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
   * @param over see {@link Lease.Ballot#over}
   * @param patience how long the answers may take
   */
  public List<Step> campaign(long recordedEpoch, long over, Duration patience, long nowNanos) {
    return step(
        nowNanos,
        () -> {
          endorsedEpoch = 0;
          Holder current = holder;
          if (current != null) {
            steps.add(new Step.NotEndorsed(current.epoch(), "this node holds the lease"));
          }
          if (current != null || candidacy != null) {
            return;
          }
          long epoch = Math.max(recordedEpoch, knownEpoch()) + 1;
          if (!withdrawn.isEmpty()) {
            steps.add(new Step.NotEndorsed(epoch, withdrawn));
            return;
          }
          if (!voters.voters().contains(self)) {
            steps.add(new Step.NotEndorsed(epoch, "this node is no voter at this time"));
            return;
          }
          candidacy =
              new Candidacy(
                  epoch, over, voters, times.durationMillis(), nowNanos + patience.toNanos());
          ask(candidacy, nowNanos);
        });
  }

  /**
   * The record says that this node is primary of the epoch for which it was endorsed. Once for each
   * endorsement: acknowledgements of an earlier beginning would count for rounds of this one.
   */
  public List<Step> begin(long epoch, long nowNanos) {
    return step(
        nowNanos,
        () -> {
          if (epoch != endorsedEpoch || voter.knownEpoch() > epoch) {
            steps.add(new Step.Over(epoch, "this node is not endorsed for it any more", false));
            return;
          }
          endorsedEpoch = 0;
          holder = new Holder(epoch, times, voters, nowNanos);
          renewWhenDue(nowNanos);
        });
  }

  /** Gives the lease up, so that another node need not wait for its end. */
  public List<Step> release(String reason, long nowNanos) {
    return giveUp(reason, true, nowNanos);
  }

  /** Gives the lease up where the gate may not be closed before what was armed runs out. */
  public List<Step> abandon(String reason, long nowNanos) {
    return giveUp(reason, false, nowNanos);
  }

  private List<Step> giveUp(String reason, boolean releases, long nowNanos) {
    return step(
        nowNanos,
        () -> {
          Holder current = holder;
          if (current != null) {
            over(current, reason, releases);
          }
        });
  }

  /** The gate is closed after a {@link Step.Over} that releases: now others need not wait. */
  public List<Step> released(long epoch, long nowNanos) {
    return step(
        nowNanos,
        () -> {
          voter.released(self, epoch);
          sendToOthers(all, new Lease.Release(epoch));
        });
  }

  /**
   * Takes no part from now on: this node acknowledges nothing, endorses nobody, stands for nothing,
   * and gives up what it holds. It still notes who is primary.
   */
  public List<Step> withdraw(String reason, long nowNanos) {
    return step(
        nowNanos,
        () -> {
          withdrawn = reason;
          endorsedEpoch = 0;
          Holder current = holder;
          if (current != null) {
            over(current, reason, false);
          }
          Candidacy standing = candidacy;
          if (standing != null) {
            notEndorsed(standing, reason);
          }
        });
  }

  /** Others vote from now on: what this node holds or stands for is of the past. */
  public List<Step> yieldTo(Set<String> changed, String reason, long nowNanos) {
    return step(
        nowNanos,
        () -> {
          listens = false;
          endorsedEpoch = 0;
          Holder current = holder;
          if (current != null) {
            over(current, reason, true);
          }
          Candidacy standing = candidacy;
          if (standing != null) {
            notEndorsed(standing, reason);
          }
          next = Majority.of(changed);
        });
  }

  /**
   * The majority of others is to count, and what this node holds it goes on to hold: until a
   * majority of those has acknowledged as much, and while it stands for election, the one before
   * counts. Ends with {@link Step.Counted}.
   */
  public List<Step> countBy(Set<String> changed, long nowNanos) {
    return step(nowNanos, () -> next = Majority.of(changed));
  }

  /** Endorses nobody until all others are heard or that time has passed. */
  public List<Step> listen(Duration atMost, long nowNanos) {
    return step(
        nowNanos,
        () -> {
          listens = true;
          listensUntilNanos = nowNanos + atMost.toNanos();
        });
  }

  /** All others told by which record they go. */
  public List<Step> heardAll(long nowNanos) {
    return step(nowNanos, () -> listens = false);
  }

  // ---- what is the case

  /** Whether this node holds the lease at this instant. */
  public boolean holds(long nowNanos) {
    Holder current = holder;
    return current != null && current.holds(nowNanos);
  }

  /** Until when it holds the lease as things are now; {@link #NOT_HELD} where it does not. */
  public long holdsUntilNanos() {
    Holder current = holder;
    return current != null && current.isConfirmed() ? current.deadlineNanos() : NOT_HELD;
  }

  /** The epoch that it holds, or is about to; 0 where it is none. */
  public long heldEpoch() {
    Holder current = holder;
    return current == null ? 0 : current.epoch();
  }

  /**
   * Whether the lease is over as this node's own voter saw it: it was released, or no renewal was
   * acknowledged here for the lease's duration. Others may have acknowledged some.
   */
  public boolean isOver(long nowNanos) {
    return !isListening(nowNanos) && voter.isOver(0, nowNanos);
  }

  /** From when on that is so, as things are now. */
  public long freeAtNanos() {
    long free = voter.freeAtNanos();
    return listens && free - listensUntilNanos < 0 ? listensUntilNanos : free;
  }

  private boolean isListening(long nowNanos) {
    return listens && nowNanos - listensUntilNanos < 0;
  }

  /** The highest epoch that this node endorsed, acknowledged or heard of. */
  public long knownEpoch() {
    return Math.max(heardEpoch, voter.knownEpoch());
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
      over(current, "no majority has acknowledged for too long", false);
    }
    work.run();
    Candidacy standing = candidacy;
    if (standing != null && standing.isTooLate(nowNanos)) {
      notEndorsed(standing, standing.missing());
    }
    countByNext();
    if (waitsLonger && voter.isFormerOver(nowNanos)) {
      waitsLonger = false;
      steps.add(new Step.Shorten(times.durationMillis()));
    }
    return steps;
  }

  /** Of those who do not vote it counts only that they agree: they are to vote again. */
  private boolean heeds(String from, Lease message) {
    boolean agrees = message instanceof Lease.Renewed && all.voters().contains(from);
    return !from.equals(self) && (agrees || voters.voters().contains(from));
  }

  private void take(String from, Lease message, long nowNanos) {
    if (!heeds(from, message)) {
      return;
    }
    switch (message) {
      case Lease.Renewal renewal -> {
        tellIfDiffering(from, renewal.durationMillis());
        boolean acknowledged = voter.acknowledges(from, renewal, nowNanos);
        giveWayTo(renewal.epoch());
        say(
            from,
            acknowledged
                ? new Lease.Renewed(renewal.epoch(), renewal.round())
                : new Lease.Superseded(renewal.epoch(), voter.knownEpoch()));
      }
      case Lease.Renewed renewed -> confirm(from, renewed.epoch(), renewed.round());
      case Lease.Superseded superseded -> superseded(superseded);
      case Lease.Ballot ballot -> answer(from, ballot, nowNanos);
      case Lease.Vote vote -> count(from, vote, nowNanos);
      case Lease.Release release -> voter.released(from, release.epoch());
    }
  }

  private void renewWhenDue(long nowNanos) {
    Holder current = holder;
    if (current == null || !current.isRenewalDue(nowNanos)) {
      return;
    }
    long round = current.nextRound(nowNanos);
    steps.add(new Step.Arm(current.epoch(), round, times.validityNanos()));
    Lease.Renewal renewal = current.renewal(round);
    sendToOthers(all, renewal);
    if (voter.acknowledges(self, renewal, nowNanos)) {
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

  private void countByNext() {
    Majority changed = next;
    Holder current = holder;
    if (changed == null || candidacy != null || endorsedEpoch != 0) {
      return;
    }
    if (current != null && !current.isConfirmedBy(changed)) {
      return;
    }
    next = null;
    voters = changed;
    if (current != null) {
      current.countBy(changed);
    }
    steps.add(new Step.Counted(changed.voters()));
  }

  private void superseded(Lease.Superseded superseded) {
    heardEpoch = Math.max(heardEpoch, superseded.known());
    Holder current = holder;
    if (current != null
        && current.epoch() == superseded.epoch()
        && superseded.known() > current.epoch()) {
      over(current, "a voter has endorsed another node", false);
    }
  }

  /** A higher epoch has a holder: whatever this node holds or stands for is of the past. */
  private void giveWayTo(long epoch) {
    heardEpoch = Math.max(heardEpoch, epoch);
    Holder current = holder;
    if (current != null && current.epoch() < epoch) {
      over(current, "another node is primary", false);
    }
    Candidacy standing = candidacy;
    if (standing != null && standing.epoch() <= epoch) {
      notEndorsed(standing, "another node is primary");
    }
  }

  /** Once for each duration that is not this node's. */
  private void tellIfDiffering(String from, long durationMillis) {
    if (voter.countsBy(durationMillis)) {
      differing.remove(from);
      return;
    }
    Long told = differing.put(from, durationMillis);
    if (told == null || told != durationMillis) {
      steps.add(new Step.Differs(from, durationMillis, times.durationMillis()));
    }
  }

  private void answer(String from, Lease.Ballot ballot, long nowNanos) {
    if (!withdrawn.isEmpty()) {
      return;
    }
    tellIfDiffering(from, ballot.durationMillis());
    boolean endorsed = wouldEndorse(from, ballot, nowNanos);
    if (endorsed && !ballot.trial()) {
      promise(from, ballot.epoch());
      return;
    }
    send(from, vote(ballot.epoch(), ballot.trial(), endorsed));
  }

  private boolean wouldEndorse(String candidate, Lease.Ballot ballot, long nowNanos) {
    return !isListening(nowNanos) && voter.wouldEndorse(candidate, ballot, nowNanos);
  }

  private Lease.Vote vote(long epoch, boolean trial, boolean endorsed) {
    return new Lease.Vote(epoch, trial, endorsed, voter.knownEpoch(), times.durationMillis());
  }

  /** The answer waits until the promise is durable. */
  private void promise(String candidate, long epoch) {
    Promise promise = voter.endorse(candidate, epoch);
    unwritten.add(promise);
    steps.add(new Step.Persist(promise));
  }

  private void tellEndorsed(Promise promise, long nowNanos) {
    if (!unwritten.remove(promise) || !withdrawn.isEmpty()) {
      return;
    }
    Lease.Vote vote = vote(promise.epoch(), false, true);
    if (promise.candidate().equals(self)) {
      count(self, vote, nowNanos);
    } else {
      send(promise.candidate(), vote);
    }
  }

  private void ask(Candidacy standing, long nowNanos) {
    Lease.Ballot ballot = standing.ballot();
    sendToOthers(voters, ballot);
    if (!wouldEndorse(self, ballot, nowNanos)) {
      return;
    }
    if (ballot.trial()) {
      count(self, vote(ballot.epoch(), true, true), nowNanos);
    } else {
      promise(self, ballot.epoch());
    }
  }

  private void count(String from, Lease.Vote vote, long nowNanos) {
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
      endorsedEpoch = standing.epoch();
      steps.add(new Step.Endorsed(standing.epoch()));
    }
  }

  private void over(Holder current, String reason, boolean releases) {
    holder = null;
    steps.add(new Step.Over(current.epoch(), reason, releases));
  }

  private void notEndorsed(Candidacy standing, String reason) {
    candidacy = null;
    steps.add(new Step.NotEndorsed(standing.epoch(), reason));
  }

  private void sendToOthers(Majority some, Lease message) {
    for (String other : some.voters()) {
      if (!other.equals(self)) {
        send(other, message);
      }
    }
  }

  /** What nobody hears of a node that takes no part. */
  private void say(String to, Lease message) {
    if (withdrawn.isEmpty()) {
      send(to, message);
    }
  }

  private void send(String to, Lease message) {
    steps.add(new Step.Send(to, message));
  }
}

package org.hotspare.lease;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.hotspare.wire.Frame.Lease;
import org.junit.jupiter.api.Test;

/** What one member says and does, beside what simulations show. */
final class LeaseMemberTest {
  private static final long SECOND = 1_000_000_000;
  private static final Set<String> VOTERS = Set.of("alpha", "beta", "gamma");
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** Of "alpha", started at 0, with a lease of 2 s. */
  private static LeaseMember member(Duration former) {
    return new LeaseMember(
        "alpha", VOTERS, LeaseTimes.of(Duration.ofSeconds(2)), Promise.NONE, former, 0);
  }

  private static Lease.Renewal renewal(long round, long millis) {
    return new Lease.Renewal(7, round, millis);
  }

  /** Endorsed by itself and beta, and begun; all within a moment. */
  private static LeaseMember holder(long now) {
    LeaseMember member = member(Duration.ZERO);
    member.campaign(0, 0, PATIENCE, now);
    member.receive("beta", new Lease.Vote(1, true, true, 0, 2000), now);
    member.persisted(new Promise(1, "alpha"), now);
    assertThat(member.receive("beta", new Lease.Vote(1, false, true, 1, 2000), now))
        .contains(new Step.Endorsed(1));
    member.begin(1, now);
    member.receive("beta", new Lease.Renewed(1, 1), now);
    assertThat(member.holds(now)).isTrue();
    return member;
  }

  @Test
  void whoeverCountsByAnotherDurationIsNamedOnce() {
    LeaseMember member = member(Duration.ZERO);
    Step refusal = new Step.Send("beta", new Lease.Superseded(7, 7));
    assertThat(member.receive("beta", renewal(1, 10_000), 3 * SECOND))
        .containsExactly(new Step.Differs("beta", 10_000, 2000), refusal);
    assertThat(member.receive("beta", renewal(2, 10_000), 3 * SECOND)).containsExactly(refusal);
    assertThat(member.receive("beta", renewal(3, 5000), 3 * SECOND))
        .containsExactly(new Step.Differs("beta", 5000, 2000), refusal);
    assertThat(member.receive("beta", renewal(4, 2000), 3 * SECOND))
        .containsExactly(new Step.Send("beta", new Lease.Renewed(7, 4)));
    assertThat(member.receive("beta", renewal(5, 5000), 3 * SECOND))
        .containsExactly(new Step.Differs("beta", 5000, 2000), refusal);
  }

  @Test
  void aBallotOfAnotherDurationIsRefusedWithTheVotersOwn() {
    LeaseMember member = member(Duration.ZERO);
    assertThat(member.receive("beta", new Lease.Ballot(1, false, 0, 10_000), 3 * SECOND))
        .containsExactly(
            new Step.Differs("beta", 10_000, 2000),
            new Step.Send("beta", new Lease.Vote(1, false, false, 0, 2000)));
  }

  @Test
  void aCandidateSaysWhoCountsByAnotherDuration() {
    LeaseMember member = member(Duration.ZERO);
    member.campaign(0, 0, PATIENCE, 3 * SECOND);
    member.receive("beta", new Lease.Vote(1, true, false, 0, 10_000), 3 * SECOND);
    assertThat(member.tick(4 * SECOND))
        .containsExactly(
            new Step.NotEndorsed(
                1,
                "no majority has answered; beta has a lease of 10000 ms configured, this node one"
                    + " of 2000 ms"));
  }

  @Test
  void theLongerDurationIsForgottenOnceItHasPassed() {
    LeaseMember member = member(Duration.ofSeconds(10));
    assertThat(member.tick(10 * SECOND - 1)).isEmpty();
    assertThat(member.tick(10 * SECOND)).containsExactly(new Step.Shorten(2000));
    assertThat(member.tick(11 * SECOND)).isEmpty();
    assertThat(member(Duration.ofSeconds(1)).tick(10 * SECOND)).isEmpty();
  }

  @Test
  void whoTakesNoPartAnyMoreGivesUpWhatItHolds() {
    LeaseMember member = holder(3 * SECOND);
    assertThat(member.withdraw("other voters", 3 * SECOND))
        .containsExactly(new Step.Over(1, "other voters", false));
    assertThat(member.campaign(1, 0, PATIENCE, 9 * SECOND))
        .containsExactly(new Step.NotEndorsed(2, "other voters"));
    assertThat(member.isCandidate()).isFalse();
  }

  @Test
  void whoTakesNoPartAnyMoreAnswersNobody() {
    LeaseMember member = member(Duration.ZERO);
    Promise promise = new Promise(1, "gamma");
    assertThat(member.receive("gamma", new Lease.Ballot(1, false, 0, 2000), 3 * SECOND))
        .containsExactly(new Step.Persist(promise));
    assertThat(member.withdraw("other voters", 3 * SECOND)).isEmpty();
    List<Step> later = member.persisted(promise, 3 * SECOND);
    assertThat(later).as("what became durable since").isEmpty();
    assertThat(member.receive("beta", new Lease.Ballot(9, true, 0, 2000), 3 * SECOND)).isEmpty();
    assertThat(member.receive("beta", renewal(1, 2000), 3 * SECOND)).isEmpty();
    // The primary is heard all the same: this node has no reason to stand.
    assertThat(member.isOver(4 * SECOND)).isFalse();
  }

  @Test
  void whoIsEndorsedBeginsNothingOnceItTakesNoPart() {
    LeaseMember member = member(Duration.ZERO);
    member.campaign(0, 0, PATIENCE, 3 * SECOND);
    assertThat(member.withdraw("other voters", 3 * SECOND))
        .containsExactly(new Step.NotEndorsed(1, "other voters"));
    assertThat(member.begin(1, 3 * SECOND))
        .containsExactly(new Step.Over(1, "this node is not endorsed for it any more", false));
  }

  /** Alpha as the only voter, primary of epoch 1 by its own word alone. */
  private static LeaseMember alone(long now) {
    LeaseMember member = member(Duration.ZERO);
    assertThat(member.yieldTo(Set.of("alpha"), "alone", now))
        .containsExactly(new Step.Counted(new TreeSet<>(Set.of("alpha"))));
    member.campaign(0, 0, PATIENCE, now);
    assertThat(member.persisted(new Promise(1, "alpha"), now))
        .containsExactly(new Step.Endorsed(1));
    assertThat(member.begin(1, now))
        .as("the others hear of the lease all the same")
        .contains(new Step.Send("beta", new Lease.Renewal(1, 1, 2000)))
        .contains(new Step.Select(1, 1));
    assertThat(member.holds(now)).isTrue();
    return member;
  }

  @Test
  void whoDecidesAloneNeedsNobodyAndHeedsNobody() {
    LeaseMember member = alone(3 * SECOND);
    Lease.Ballot ballot = new Lease.Ballot(9, true, 1, 2000);
    assertThat(member.receive("beta", ballot, 3 * SECOND)).isEmpty();
    assertThat(member.receive("beta", new Lease.Superseded(1, 9), 3 * SECOND)).isEmpty();
    member.tick(4 * SECOND);
    assertThat(member.holds(5 * SECOND)).as("by its round at 4 s").isTrue();
  }

  @Test
  void itCountsByAllOnceAMajorityAgreesToWhatItHolds() {
    LeaseMember member = alone(3 * SECOND);
    assertThat(member.countBy(VOTERS, 3 * SECOND)).isEmpty();
    member.tick(3 * SECOND + SECOND / 2);
    assertThat(member.receive("beta", new Lease.Renewed(1, 1), 3 * SECOND + SECOND / 2))
        .as("of an older round than the one by which it holds")
        .isEmpty();
    assertThat(member.holdsUntilNanos()).isGreaterThan(5 * SECOND);
    assertThat(member.receive("beta", new Lease.Renewed(1, 2), 3 * SECOND + SECOND / 2))
        .containsExactly(new Step.Counted(new TreeSet<>(VOTERS)));
    assertThat(member.tick(4 * SECOND)).doesNotContain(new Step.Select(1, 3));
    assertThat(member.receive("gamma", new Lease.Renewed(1, 3), 4 * SECOND))
        .containsExactly(new Step.Select(1, 3));
  }

  @Test
  void untilThenItHoldsAlone() {
    LeaseMember member = alone(3 * SECOND);
    member.countBy(VOTERS, 3 * SECOND);
    for (long now = 3 * SECOND; now < 9 * SECOND; now += SECOND / 2) {
      assertThat(member.tick(now)).noneMatch(Step.Over.class::isInstance);
      assertThat(member.holds(now)).isTrue();
    }
  }

  @Test
  void whoIsNoVoterAnyMoreGivesUpAndEndorsesNobodyButHearsThePrimary() {
    LeaseMember member = holder(3 * SECOND);
    assertThat(member.yieldTo(Set.of("gamma"), "gamma decides", 3 * SECOND))
        .containsExactly(
            new Step.Over(1, "gamma decides", true),
            new Step.Counted(new TreeSet<>(Set.of("gamma"))));
    assertThat(member.campaign(1, 0, PATIENCE, 9 * SECOND))
        .containsExactly(new Step.NotEndorsed(2, "this node is no voter at this time"));
    assertThat(member.receive("beta", new Lease.Ballot(9, true, 1, 2000), 9 * SECOND)).isEmpty();
    assertThat(member.receive("gamma", new Lease.Renewal(1001, 1, 2000), 9 * SECOND))
        .containsExactly(new Step.Send("gamma", new Lease.Renewed(1001, 1)));
    assertThat(member.isOver(10 * SECOND)).isFalse();
  }

  @Test
  void whoWasStartedEndorsesNobodyBeforeItHeardAllOrWaitedForLong() {
    Lease.Ballot ballot = new Lease.Ballot(9, true, 0, 2000);
    Step yes = new Step.Send("beta", new Lease.Vote(9, true, true, 0, 2000));
    Step no = new Step.Send("beta", new Lease.Vote(9, true, false, 0, 2000));
    LeaseMember waiting = member(Duration.ZERO);
    waiting.listen(Duration.ofSeconds(7), 0);
    assertThat(waiting.freeAtNanos()).isEqualTo(7 * SECOND);
    assertThat(waiting.isOver(7 * SECOND - 1)).isFalse();
    assertThat(waiting.receive("beta", ballot, 7 * SECOND - 1)).containsExactly(no);
    assertThat(waiting.isOver(7 * SECOND)).isTrue();
    assertThat(waiting.receive("beta", ballot, 7 * SECOND)).containsExactly(yes);

    LeaseMember heard = member(Duration.ZERO);
    heard.listen(Duration.ofSeconds(7), 0);
    assertThat(heard.receive("beta", ballot, 3 * SECOND)).containsExactly(no);
    heard.heardAll(3 * SECOND);
    assertThat(heard.freeAtNanos()).isEqualTo(2 * SECOND);
    assertThat(heard.receive("beta", ballot, 3 * SECOND)).containsExactly(yes);
  }
}

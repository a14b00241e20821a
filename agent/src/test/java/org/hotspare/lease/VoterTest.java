package org.hotspare.lease;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.hotspare.wire.Frame.Lease;
import org.junit.jupiter.api.Test;

/** What a voter agrees to where durations of the lease differ, or have changed. */
final class VoterTest {
  private static final long SECOND = 1_000_000_000;
  private static final long STARTED = 1000 * SECOND;
  private static final LeaseTimes TWO_SECONDS = LeaseTimes.of(Duration.ofSeconds(2));

  private static Voter voter(Duration former) {
    return new Voter(TWO_SECONDS, Promise.NONE, former.toNanos(), STARTED);
  }

  private static Lease.Renewal renewal(long epoch, long millis) {
    return new Lease.Renewal(epoch, 1, millis);
  }

  private static Lease.Ballot ballot(long epoch, long millis) {
    return new Lease.Ballot(epoch, true, 0, millis);
  }

  @Test
  void itAcknowledgesAndEndorsesWhoCountsAsItDoes() {
    Voter voter = voter(Duration.ZERO);
    assertThat(voter.acknowledges("alpha", renewal(1, 2000), STARTED)).isTrue();
    long later = STARTED + 2 * SECOND;
    assertThat(voter.wouldEndorse("beta", ballot(2, 2000), later)).isTrue();
  }

  @Test
  void itNeitherAcknowledgesNorEndorsesWhoCountsByAnotherDuration() {
    Voter voter = voter(Duration.ZERO);
    long later = STARTED + 2 * SECOND;
    for (long other : new long[] {1999, 2001, 10_000}) {
      assertThat(voter.wouldEndorse("beta", ballot(2, other), later)).isFalse();
      assertThat(voter.acknowledges("alpha", renewal(1, other), later)).isFalse();
    }
  }

  /** Or it would stand for election all the time beside a primary that works. */
  @Test
  void itEndorsesNobodyWhileAPrimaryIsHeardThatCountsByAnotherDuration() {
    Voter voter = voter(Duration.ZERO);
    long heard = STARTED + 5 * SECOND;
    assertThat(voter.acknowledges("alpha", renewal(1, 10_000), heard)).isFalse();
    assertThat(voter.isOver(0, heard + SECOND)).isFalse();
    assertThat(voter.freeAtNanos()).isEqualTo(heard + 2 * SECOND);
    assertThat(voter.isOver(0, heard + 2 * SECOND)).isTrue();
    voter.released("alpha", 1);
    assertThat(voter.isOver(0, heard + SECOND)).isTrue();
  }

  @Test
  void afterItsStartItWaitsForTheLongerOfTheDurations() {
    Voter shortened = voter(Duration.ofSeconds(10));
    assertThat(shortened.waitsLonger()).isTrue();
    assertThat(shortened.freeAtNanos()).isEqualTo(STARTED + 10 * SECOND);
    long before = STARTED + 10 * SECOND - 1;
    assertThat(shortened.wouldEndorse("beta", ballot(1, 2000), before)).isFalse();
    assertThat(shortened.isFormerOver(before)).isFalse();
    assertThat(shortened.wouldEndorse("beta", ballot(1, 2000), before + 1)).isTrue();
    assertThat(shortened.isFormerOver(before + 1)).isTrue();

    Voter lengthened = voter(Duration.ofSeconds(1));
    assertThat(lengthened.waitsLonger()).isFalse();
    assertThat(lengthened.wouldEndorse("beta", ballot(1, 2000), STARTED + 2 * SECOND - 1))
        .isFalse();
    assertThat(lengthened.wouldEndorse("beta", ballot(1, 2000), STARTED + 2 * SECOND)).isTrue();
  }
}

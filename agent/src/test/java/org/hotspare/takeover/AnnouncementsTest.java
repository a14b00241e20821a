package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnnouncementsTest {
  private static final long MILLI = 1_000_000;

  private final Announcements announcements = new Announcements();

  @Test
  void comeInABurstAndThenNowAndThen() {
    announcements.start(0);
    assertThat(taken(0, 30_000))
        .containsExactly(0L, 200L, 600L, 1_500L, 3_000L, 5_000L, 15_000L, 25_000L);
  }

  @Test
  void whatWasMissedIsNotMadeUpFor() {
    announcements.start(0);
    assertThat(announcements.take(4_000 * MILLI)).isTrue();
    assertThat(taken(4_000, 6_000)).containsExactly(5_000L);
  }

  @Test
  void aClaimBeginsABurstButNotWhileOneIsYoung() {
    announcements.start(0);
    assertThat(taken(0, 500)).containsExactly(0L, 200L);
    announcements.claimed(500 * MILLI);
    assertThat(taken(500, 5_000)).containsExactly(600L, 1_500L, 3_000L);
    announcements.claimed(5_500 * MILLI);
    assertThat(taken(5_500, 6_500)).containsExactly(5_500L, 5_700L, 6_100L);
  }

  @Test
  void twoWhoClaimWithoutEndAreBounded() {
    announcements.start(0);
    int count = 0;
    for (long millis = 0; millis < 10_000; millis++) {
      announcements.claimed(millis * MILLI);
      count += announcements.take(millis * MILLI) ? 1 : 0;
    }
    assertThat(count).isEqualTo(3 * 10);
  }

  @Test
  void nothingIsDueBeforeTheyStartAndAfterTheyStop() {
    announcements.claimed(0);
    assertThat(taken(0, 10_000)).isEmpty();
    announcements.start(0);
    announcements.stop();
    announcements.claimed(5_000 * MILLI);
    assertThat(taken(0, 10_000)).isEmpty();
  }

  /** At which milliseconds one was due. */
  private List<Long> taken(long from, long until) {
    List<Long> taken = new ArrayList<>();
    for (long millis = from; millis < until; millis++) {
      if (announcements.take(millis * MILLI)) {
        taken.add(millis);
      }
    }
    return taken;
  }
}

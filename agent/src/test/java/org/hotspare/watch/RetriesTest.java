package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.junit.jupiter.api.Test;

class RetriesTest {
  private static final Place PLACE = new Place(new EntryId(7), Name.of("name"));
  private static final Place OTHER = Place.itself(new EntryId(7));
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Retries retries = new Retries();

  /** How long it pauses after failing now, failing once more when it is listed. */
  private long pauseThenFail(long now) {
    long pause = 0;
    while (!retries.isDue(now + pause)) {
      pause += SECOND / 2;
    }
    assertThat(retries.takeDue(now + pause)).containsExactly(PLACE);
    retries.failed(PLACE, now + pause);
    retries.putOff(now + pause);
    return pause;
  }

  @Test
  void thePauseDoublesUpToFiveMinutes() {
    long now = Long.MAX_VALUE - 5 * SECOND;
    retries.failed(PLACE, now);
    assertThat(retries.isDue(now)).isFalse();
    long expected = SECOND;
    for (int i = 0; i < 12; i++) {
      long pause = pauseThenFail(now);
      assertThat(pause).isEqualTo(Math.min(expected, 300 * SECOND));
      now += pause;
      expected *= 2;
    }
  }

  @Test
  void failuresBetweenDoNotPutItOff() {
    retries.failed(PLACE, 0);
    retries.failed(PLACE, SECOND - 1);
    assertThat(retries.takeDue(SECOND)).containsExactly(PLACE);
  }

  @Test
  void whatWasTakenHasAnotherTurnUntilItIsOver() {
    retries.failed(PLACE, 0);
    retries.failed(OTHER, 0);
    assertThat(retries.takeDue(SECOND)).containsExactly(PLACE, OTHER);
    assertThat(retries.isDue(10 * SECOND)).as("while they run").isFalse();
    retries.over(PLACE);
    retries.putOff(SECOND);
    assertThat(retries.takeDue(2 * SECOND)).isEmpty();
    assertThat(retries.takeDue(3 * SECOND)).containsExactly(OTHER);
    retries.over(OTHER);
    assertThat(retries.isDue(1000 * SECOND)).isFalse();
  }
}

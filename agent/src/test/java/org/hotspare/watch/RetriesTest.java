package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.hotspare.tree.EntryId;
import org.junit.jupiter.api.Test;

class RetriesTest {
  private static final EntryId DIRECTORY = new EntryId(7);
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Retries retries = new Retries();

  /** How long it pauses after failing now, failing once more when it is listed. */
  private long pauseThenFail(long now) {
    long pause = 0;
    while (!retries.isDue(now + pause)) {
      pause += SECOND / 2;
    }
    assertThat(retries.takeDue(now + pause)).containsExactly(new Retries.Due(DIRECTORY, false));
    retries.failed(DIRECTORY, false, now + pause);
    retries.settle();
    return pause;
  }

  @Test
  void thePauseDoublesUpToFiveMinutes() {
    long now = Long.MAX_VALUE - 5 * SECOND;
    retries.failed(DIRECTORY, false, now);
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
    retries.failed(DIRECTORY, false, 0);
    retries.failed(DIRECTORY, true, SECOND - 1);
    assertThat(retries.takeDue(SECOND)).containsExactly(new Retries.Due(DIRECTORY, true));
  }

  @Test
  void whatDidNotFailAgainIsOver() {
    retries.failed(DIRECTORY, false, 0);
    retries.failed(new EntryId(8), false, 0);
    assertThat(retries.takeDue(SECOND)).hasSize(2);
    assertThat(retries.isDue(10 * SECOND)).as("while they run").isFalse();
    retries.failed(new EntryId(8), false, SECOND);
    retries.settle();
    assertThat(retries.takeDue(1000 * SECOND))
        .containsExactly(new Retries.Due(new EntryId(8), false));
  }

  @Test
  void tooManyAreTheWholeTree() {
    for (int i = 0; i <= Retries.MOST; i++) {
      retries.failed(new EntryId(i + 2), false, 0);
    }
    assertThat(retries.takeDue(SECOND)).containsExactly(new Retries.Due(EntryId.ROOT, true));
  }
}

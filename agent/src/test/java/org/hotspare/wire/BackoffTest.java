package org.hotspare.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private static final Duration FIRST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofSeconds(10);

  @Test
  void doublesUpToItsLimitWithAPartLeftToChance() {
    Backoff backoff = new Backoff(FIRST, LONGEST, new SplittableRandom(1));
    long full = FIRST.toMillis();
    for (int i = 0; i < 200; i++) {
      assertThat(backoff.next().toMillis()).isBetween(full / 2, full);
      full = Math.min(2 * full, LONGEST.toMillis());
    }
    backoff.reset();
    assertThat(backoff.next()).isBetween(FIRST.dividedBy(2), FIRST);
  }

  @Test
  void refusesTimesThatAreNone() {
    for (Duration first : new Duration[] {Duration.ZERO, LONGEST.plusMillis(1)}) {
      assertThatThrownBy(() -> new Backoff(first, LONGEST, new SplittableRandom(1)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}

package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class UnstoppedTest {
  private static long seconds(long seconds) {
    return Duration.ofSeconds(seconds).toNanos();
  }

  @Test
  void whatCannotBeStoppedIsTriedAgainAfterGrowingPauses() {
    Unstopped unstopped = new Unstopped();
    assertThat(unstopped.isDue(Long.MAX_VALUE)).isFalse();
    for (long pause : new long[] {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
      unstopped.failed("no", 0);
      assertThat(unstopped.isDue(seconds(pause) - 1)).isFalse();
      assertThat(unstopped.isDue(seconds(pause))).as("%d s", pause).isTrue();
    }
    assertThat(unstopped.problem()).isEqualTo("9 attempts to stop them failed, tried again: no");
    assertThat(unstopped.over()).isEqualTo(9);
    assertThat(unstopped.isDue(Long.MAX_VALUE)).isFalse();
    assertThat(unstopped.problem()).isEmpty();
    unstopped.failed("no", 0);
    assertThat(unstopped.isDue(seconds(1))).as("it begins anew").isTrue();
  }
}

package org.hotspare.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class StallRecordTest {
  private static final long MILLI = 1_000_000;
  private static final long PERIOD = 20 * MILLI;
  private static final long WINDOW = StallRecord.WINDOW_NANOS;

  @Test
  void theLongestStallStaysAndIsRecentForAWindowOrTwo() {
    StallRecord kept = new StallRecord(PERIOD, 0);
    assertThat(kept.woke(PERIOD)).isFalse();
    assertThat(kept.woke(2 * PERIOD + 300 * MILLI)).isTrue();
    assertThat(kept.stalls()).isEqualTo(new Stalls(Duration.ofMillis(300), Duration.ofMillis(300)));
    // A shorter one says nothing new.
    assertThat(kept.woke(3 * PERIOD + 310 * MILLI)).isFalse();

    long now = runUntil(kept, 3 * PERIOD + 310 * MILLI, WINDOW + PERIOD);
    assertThat(kept.stalls().recent()).isEqualTo(Duration.ofMillis(300));
    now = runUntil(kept, now, 2 * WINDOW + 3 * PERIOD);
    assertThat(kept.stalls().recent()).isEqualTo(Duration.ZERO);
    assertThat(kept.stalls().longest()).isEqualTo(Duration.ofMillis(300));
    assertThat(kept.woke(now + PERIOD + MILLI)).isTrue();
    assertThat(kept.stalls().recent()).isEqualTo(Duration.ofMillis(1));
  }

  private static long runUntil(StallRecord kept, long from, long until) {
    long now = from;
    while (now < until) {
      now += PERIOD;
      kept.woke(now);
    }
    return now;
  }

  @Test
  void aStallOfMinutesIsAllThatIsRecent() {
    StallRecord kept = new StallRecord(PERIOD, 0);
    kept.woke(PERIOD + 500 * MILLI);
    kept.woke(2 * PERIOD + 500 * MILLI + 10 * WINDOW);
    assertThat(kept.stalls().recent()).isEqualTo(Duration.ofNanos(10 * WINDOW));
    assertThat(kept.stalls().longest()).isEqualTo(Duration.ofNanos(10 * WINDOW));
  }
}

package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class FreshnessTest {
  private static final Duration SETTLED = Freshness.NEXT_CUT;

  private long nowNanos = -1_000_000;
  private final Freshness freshness = new Freshness(() -> nowNanos);

  private void pass(Duration time) {
    nowNanos += time.toNanos();
  }

  private Duration lag() {
    return freshness.lag().orElseThrow();
  }

  @Test
  void itIsUnknownUntilEverythingWasThere() {
    assertThat(freshness.lag()).isEmpty();
    freshness.disconnected();
    assertThat(freshness.lag()).isEmpty();
    freshness.cutBegins();
    assertThat(freshness.lag()).isEmpty();
    freshness.cutIsWhole();
    assertThat(freshness.lag()).isPresent();
  }

  @Test
  void lagCountsFromTheFirstThatIsLacking() {
    freshness.lacksNothing();
    assertThat(lag()).isZero();
    pass(Duration.ofHours(1));
    assertThat(lag()).isZero();
    freshness.cutBegins();
    pass(Duration.ofSeconds(3));
    assertThat(lag()).hasSeconds(3);
    freshness.disconnected();
    pass(Duration.ofSeconds(4));
    assertThat(lag()).hasSeconds(7);
    freshness.cutBegins();
    pass(Duration.ofSeconds(1));
    freshness.cutIsWhole();
    assertThat(lag()).hasSeconds(1);
    pass(SETTLED);
    assertThat(lag()).isZero();
  }

  /** A primary that changes faster than it can be followed sends one cut after the other. */
  @Test
  void oneCutAfterTheOtherNeverPassesForNothingLacking() {
    freshness.lacksNothing();
    pass(SETTLED);
    freshness.cutBegins();
    pass(Duration.ofMinutes(1));
    for (int cut = 0; cut < 3; cut++) {
      freshness.cutIsWhole();
      assertThat(lag()).hasMinutes(1);
      pass(Duration.ofMillis(5));
      freshness.cutBegins();
      assertThat(lag()).isEqualTo(Duration.ofMinutes(1).plusMillis(5));
      pass(Duration.ofMinutes(1));
      assertThat(lag()).isEqualTo(Duration.ofMinutes(2).plusMillis(5));
    }
  }

  @Test
  void smallCutsLeaveItNextToNothingBehind() {
    freshness.lacksNothing();
    for (int cut = 0; cut < 100; cut++) {
      pass(Duration.ofMillis(100));
      freshness.cutBegins();
      pass(Duration.ofMillis(5));
      assertThat(lag()).isLessThan(Duration.ofMillis(300));
      freshness.cutIsWhole();
    }
    assertThat(lag()).hasMillis(5);
  }
}

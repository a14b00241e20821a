package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.hotspare.linux.AssignedAddress;
import org.junit.jupiter.api.Test;

class UntilTest {
  private static final long MILLI = 1_000_000;

  @Test
  void theKernelIsToldSecondsThatDoNotEndBefore() {
    assertThat(new Until(false, 1_600 * MILLI).seconds(0)).isEqualTo(2);
    assertThat(new Until(false, 1_950 * MILLI).seconds(0)).isEqualTo(2);
    // It may take the address away a little early.
    assertThat(new Until(false, 1_980 * MILLI).seconds(0)).isEqualTo(3);
    assertThat(new Until(false, 1 * MILLI).seconds(0)).isEqualTo(1);
    assertThat(Until.FOREVER.seconds(0)).isEqualTo(AssignedAddress.FOREVER);
  }

  @Test
  void whatIsOverIsNoNumberOfSeconds() {
    Until until = new Until(false, 1_000 * MILLI);
    assertThat(until.seconds(1_000 * MILLI - 1)).isEqualTo(1);
    for (long millis = 1_000; millis < 5_000; millis += 100) {
      long late = millis * MILLI;
      assertThatThrownBy(() -> until.seconds(late)).isInstanceOf(IllegalArgumentException.class);
    }
    // And none that is over in 137 years is for good.
    assertThat(new Until(false, Long.MAX_VALUE / 2 - MILLI).seconds(0))
        .isLessThan(AssignedAddress.FOREVER);
    assertThat(new Until(false, Long.MAX_VALUE - 100 * MILLI).seconds(0))
        .isLessThan(AssignedAddress.FOREVER);
  }

  @Test
  void whatTheKernelWasToldLastsUntilThen() {
    for (long millis = 1; millis < 5_000; millis++) {
      Until wanted = new Until(false, millis * MILLI);
      assertThat(wanted.isLaterThan(Until.kept(wanted.seconds(0), 0))).as("%d", millis).isFalse();
    }
    assertThat(Until.kept(AssignedAddress.FOREVER, 0)).isEqualTo(Until.FOREVER);
  }

  @Test
  void forGoodIsLaterThanAnyTime() {
    Until some = new Until(false, 5);
    assertThat(Until.FOREVER.isLaterThan(some)).isTrue();
    assertThat(some.isLaterThan(Until.FOREVER)).isFalse();
    assertThat(Until.FOREVER.isLaterThan(Until.FOREVER)).isFalse();
    assertThat(some.isLaterThan(new Until(false, 4))).isTrue();
    assertThat(some.isOver(4)).isFalse();
    assertThat(some.isOver(5)).isTrue();
    assertThat(Until.FOREVER.isOver(Long.MAX_VALUE)).isFalse();
  }
}

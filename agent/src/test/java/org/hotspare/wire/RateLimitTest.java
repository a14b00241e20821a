package org.hotspare.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RateLimitTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void whatIsSentTakesTheTimeThatTheRateSays() {
    RateLimit limit = RateLimit.of(1_000_000);
    long now = Long.MAX_VALUE - SECOND; // The clock may overflow: only differences count.
    long started = now;
    for (int i = 0; i < 300; i++) {
      now += limit.reserve(10_000, now);
    }
    assertThat(now - started).isBetween(2_800_000_000L, 3_000_000_000L);
  }

  @Test
  void severalLinksShareIt() {
    RateLimit limit = RateLimit.of(1_000_000);
    long first = 0;
    long second = 0;
    for (int i = 0; i < 100; i++) {
      first += limit.reserve(10_000, first);
      second += limit.reserve(10_000, second);
    }
    assertThat(Math.max(first, second)).isBetween(1_800_000_000L, 2_000_000_000L);
  }

  @Test
  void anIdleLinkSavesUpATenthOfASecondAndNoMore() {
    RateLimit limit = RateLimit.of(1_000_000);
    assertThat(limit.reserve(100_000, 0)).isZero();
    assertThat(limit.reserve(100_000, 3600 * SECOND)).isZero();
    assertThat(limit.reserve(100_000, 3600 * SECOND)).isEqualTo(SECOND / 10);
  }

  @Test
  void itCanBeChangedAndLifted() {
    RateLimit limit = RateLimit.none();
    assertThat(limit.reserve(Integer.MAX_VALUE, 0)).isZero();
    limit.change(10_000);
    assertThat(limit.reserve(11_000, 0)).isEqualTo(SECOND);
    limit.change(0);
    assertThat(limit.reserve(Integer.MAX_VALUE, 0)).isZero();
    assertThatThrownBy(() -> limit.change(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> RateLimit.of(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void slowLinksAreUsedInSmallChunks() {
    assertThat(RateLimit.none().chunkBytes()).isEqualTo(128 << 10);
    assertThat(RateLimit.of(100_000).chunkBytes()).isEqualTo(5000);
    assertThat(RateLimit.of(1).chunkBytes()).isEqualTo(1024);
    assertThat(RateLimit.of(1).reserve(4096, 0)).isLessThan(SECOND);
  }
}

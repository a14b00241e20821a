package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class ProcessorLimitTest {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1000 * MILLI;

  private final AtomicLong used = new AtomicLong(77 * SECOND);

  @Test
  void theAverageIsWhatWasAskedFor() {
    ProcessorLimit limit = ProcessorLimit.of(0.25, used::get);
    long start = Long.MAX_VALUE - 5 * SECOND;
    long now = start;
    limit.owedNanos(now);
    for (int i = 0; i < 1000; i++) {
      used.addAndGet(20 * MILLI);
      now += 20 * MILLI;
      now += limit.owedNanos(now);
    }
    double share = (used.get() - 77.0 * SECOND) / (now - start);
    assertThat(share).isBetween(0.25, 0.26);
  }

  @Test
  void whatWasNotUsedForASecondMayBeUsedAtOnceAndNoMore() {
    ProcessorLimit limit = ProcessorLimit.of(0.1, used::get);
    assertThat(limit.owedNanos(0)).isZero();
    used.addAndGet(99 * MILLI);
    assertThat(limit.owedNanos(60 * SECOND)).isZero();
    used.addAndGet(99 * MILLI);
    assertThat(limit.owedNanos(60 * SECOND)).isBetween(970 * MILLI, 990 * MILLI);
  }

  @Test
  void withoutALimitNobodyPauses() {
    ProcessorLimit limit = ProcessorLimit.none();
    for (int i = 0; i < 1_000_000; i++) {
      limit.pause();
    }
    assertThatIllegalArgumentException().isThrownBy(() -> ProcessorLimit.of(0));
  }
}

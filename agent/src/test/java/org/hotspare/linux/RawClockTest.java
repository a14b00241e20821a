package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Instant;
import org.hotspare.tree.Name;
import org.hotspare.tree.Timestamp;
import org.junit.jupiter.api.Test;

class RawClockTest {
  @Test
  void clocksRunForward() {
    long raw = RawClock.monotonicRawNanos();
    long boot = RawClock.bootNanos();
    assertThat(RawClock.monotonicRawNanos()).isGreaterThanOrEqualTo(raw);
    assertThat(RawClock.bootNanos()).isGreaterThanOrEqualTo(boot);
    assertThat(RawClock.tickNanos()).isBetween(1_000_000L, 10_000_000L);
    assertThat(RawClock.fileTime().seconds())
        .isBetween(System.currentTimeMillis() / 1000 - 2, System.currentTimeMillis() / 1000 + 1);
  }

  @Test
  void fileTimeIsTheClockOfFiles() throws IOException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.TMPFS, 16);
        DirFd root = fileSystem.open()) {
      Timestamp before = RawClock.fileTime();
      try (FileFd file = root.create(Name.of("a"))) {
        Timestamp changed = file.stat().changed();
        // Where a filesystem has finer times than the tick (Linux 6.13), they may be ahead of the
        // coarse clock, by several ticks if the tick comes late, but never of the fine one.
        Instant after = Instant.now();
        assertThat(changed)
            .isBetween(before, new Timestamp(after.getEpochSecond(), after.getNano()));
      }
    }
  }
}

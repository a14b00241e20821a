package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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
        // Filesystems with finer times than the tick (Linux 6.13) may be ahead by less than one.
        Timestamp after = RawClock.fileTime();
        assertThat(nanos(changed)).isBetween(nanos(before), nanos(after) + RawClock.tickNanos());
      }
    }
  }

  private static long nanos(Timestamp time) {
    return time.seconds() * 1_000_000_000 + time.nanos();
  }
}

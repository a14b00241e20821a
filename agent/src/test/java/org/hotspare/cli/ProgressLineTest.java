package org.hotspare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.atomic.AtomicLong;
import org.hotspare.admin.Progress;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private final StringWriter shown = new StringWriter();
  private final AtomicLong now = new AtomicLong();

  private ProgressLine line(boolean terminal) {
    return new ProgressLine(new PrintWriter(shown), terminal, "www", now::get);
  }

  private static Progress progress(long entries) {
    return new Progress(
        entries * 1_048_576, 1_048_576_000, entries, 1000, 52_428_800, 20 - entries / 50);
  }

  @Test
  void terminalSeesABarThatIsDrawnAgain() {
    ProgressLine line = line(true);
    line.show(progress(500));
    line.show(progress(501));
    now.addAndGet(200_000_000);
    line.show(progress(1000));
    line.clear();
    assertThat(shown.toString())
        .isEqualTo(
            "\r\u001b[K\u001b[?7lwww  [############------------]  50 %, 500 of 1,000 entries,"
                + " 500 MiB of 1000 MiB, 50 MiB/s, 10 s left\u001b[?7h"
                + "\r\u001b[K\u001b[?7lwww  [########################]  100 %, 1,000 of 1,000 entries,"
                + " 1000 MiB of 1000 MiB, 50 MiB/s, 0.0 s left\u001b[?7h"
                + "\r\u001b[K");
  }

  @Test
  void logSeesALineNowAndThen() {
    ProgressLine line = line(false);
    for (int entries = 0; entries < 1000; entries += 100) {
      line.show(progress(entries));
      now.addAndGet(1_000_000_000);
    }
    line.clear();
    assertThat(shown.toString())
        .isEqualTo(
            """
            www: 0 %, 0 of 1,000 entries, 0 bytes of 1000 MiB, 50 MiB/s, 20 s left
            www: 50 %, 500 of 1,000 entries, 500 MiB of 1000 MiB, 50 MiB/s, 10 s left
            """);
  }

  @Test
  void whatIsNotKnownIsNotShown() {
    assertThat(ProgressLine.text(new Progress(5_000, 0, 12, 0, 0, -1)))
        .isEqualTo("12 entries so far, 4.9 KiB");
    assertThat(ProgressLine.share(new Progress(9, 3, 9, 3, 0, 0))).isEqualTo(1);
    assertThat(ProgressLine.share(new Progress(1, 2, 0, 0, 0, 0))).isEqualTo(0.5);
  }
}

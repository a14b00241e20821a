package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.linux.HardwareAddress;
import org.hotspare.tree.Bytes;
import org.junit.jupiter.api.Test;

class ClaimReportsTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final ClaimReports reports = new ClaimReports();

  @Test
  void theFirstIsToldAtOnce() {
    assertThat(reports.dueNanos(0)).isEmpty();
    assertThat(reports.take(0)).isEmpty();
    reports.add(claim(1));
    assertThat(reports.dueNanos(0)).hasValue(0);
    assertThat(reports.take(0))
        .contains(
            "another machine, 02:00:00:00:00:01, claims 10.77.0.100 while this node is primary; it"
                + " is announced anew");
    assertThat(reports.dueNanos(0)).isEmpty();
  }

  @Test
  void whatFollowsIsToldNowAndThenWhoeverItIs() {
    List<Long> told = new ArrayList<>();
    for (long second = 0; second < 35; second++) {
      reports.add(claim((int) second));
      if (reports.take(second * SECOND).isPresent()) {
        told.add(second);
      }
    }
    assertThat(told).containsExactly(0L, 10L, 20L, 30L);
    assertThat(reports.claimed()).isEqualTo(35);
    assertThat(reports.last()).contains(claim(34));
  }

  @Test
  void aSingleOneIsNotForgottenBecauseItCameEarly() {
    reports.add(claim(1));
    assertThat(reports.take(0)).isPresent();
    reports.add(claim(2));
    reports.add(claim(3));
    assertThat(reports.take(SECOND)).isEmpty();
    assertThat(reports.dueNanos(SECOND)).hasValue(10 * SECOND);
    assertThat(reports.take(10 * SECOND).orElseThrow())
        .contains("02:00:00:00:00:03")
        .endsWith("(2 claims since the last report)");
  }

  private static Claim claim(int by) {
    return new Claim(
        InetAddress.ofLiteral("10.77.0.100"),
        new HardwareAddress(Bytes.of(new byte[] {2, 0, 0, 0, 0, (byte) by})));
  }
}

package org.hotspare.lease;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The rules of the lease in simulated clusters. {@code -Dlease.seed=N} repeats a run, {@code
 * -Dlease.failovers=N} makes it longer.
 */
final class SimulationTest {
  private static final long FAILOVERS = 2_000;
  private static final Duration TROUBLED = Duration.ofMinutes(10);

  /** Most are found in some hundred runs, which take seconds; the rarest took 2,000. */
  private static final long MOST_RUNS = 30_000;

  private static long seed() {
    long seed = Long.getLong("lease.seed", System.nanoTime());
    System.out.println("SimulationTest: seed " + seed);
    return seed;
  }

  @Test
  void neverAreThereTwo() {
    long wanted = Long.getLong("lease.failovers", FAILOVERS);
    long seed = seed();
    long failovers = 0;
    long promotions = 0;
    while (failovers < wanted) {
      SimCluster cluster = new SimCluster(seed, Breach.NONE);
      try {
        cluster.run(TROUBLED);
      } catch (AssertionError e) {
        throw new AssertionError("with -Dlease.seed=" + seed + ": " + e.getMessage(), e);
      }
      failovers += cluster.failovers();
      promotions += cluster.promotions();
      seed++;
    }
    System.out.printf("SimulationTest: %d failovers, %d promotions%n", failovers, promotions);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void aBrokenRuleIsNoticed(Breach breach) {
    long seed = seed();
    String violation = "";
    long runs = 0;
    while (violation.isEmpty() && runs < MOST_RUNS) {
      runs++;
      try {
        new SimCluster(seed++, breach).run(TROUBLED);
      } catch (SimJudge.Violation e) {
        violation = String.valueOf(e.getMessage());
      }
    }
    System.out.printf("SimulationTest: %s after %d runs: %s%n", breach, runs, violation);
    assertThat(violation).isNotEmpty();
  }
}

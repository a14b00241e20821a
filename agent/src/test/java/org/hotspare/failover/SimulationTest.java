package org.hotspare.failover;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.hotspare.lease.SimJudge;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The policy in simulated clusters. {@code -Dfailover.seed=N} repeats a run, {@code
 * -Dfailover.failovers=N} makes it longer.
 */
final class SimulationTest {
  private static final long FAILOVERS = 200;
  private static final Duration TROUBLED = Duration.ofMinutes(10);
  private static final long MOST_RUNS = 1_000;

  private static long seed() {
    long seed = Long.getLong("failover.seed", System.nanoTime());
    System.out.println("SimulationTest: seed " + seed);
    return seed;
  }

  @Test
  void neverAreThereTwoAndNothingConfirmedIsLost() {
    long wanted = Long.getLong("failover.failovers", FAILOVERS);
    long seed = seed();
    long failovers = 0;
    long promotions = 0;
    long begun = System.nanoTime();
    while (failovers < wanted) {
      SimCluster cluster = new SimCluster(seed, BrokenRule.NONE);
      try {
        cluster.run(TROUBLED);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError(
            "with -Dfailover.seed=%d: %s%n  %s".formatted(seed, e.getMessage(), cluster.story()),
            e);
      }
      failovers += cluster.failovers();
      promotions += cluster.promotions();
      seed++;
    }
    double minutes = (System.nanoTime() - begun) / 60e9;
    System.out.printf(
        "SimulationTest: %d failovers, %d promotions; %.0f failovers a minute%n",
        failovers, promotions, failovers / minutes);
  }

  /** By what it leads to: any other violation would be one of the rules that are kept. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void aBrokenRuleIsNoticed(BrokenRule broken) {
    long seed = seed();
    Pattern expected = Pattern.compile(broken.violation());
    Set<String> others = new TreeSet<>();
    String found = "";
    long runs = 0;
    while (found.isEmpty() && runs < MOST_RUNS) {
      runs++;
      try {
        new SimCluster(seed++, broken).run(TROUBLED);
      } catch (SimJudge.Violation e) {
        String violation = String.valueOf(e.getMessage());
        if (expected.matcher(violation).find()) {
          found = violation;
        } else {
          others.add(violation);
        }
      }
    }
    System.out.printf("SimulationTest: %s after %d runs: %s%n", broken, runs, found);
    assertThat(found).as("in %d runs, but %s", runs, others).isNotEmpty();
  }
}

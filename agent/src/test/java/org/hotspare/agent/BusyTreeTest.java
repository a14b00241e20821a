package org.hotspare.agent;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.hotspare.testing.Churn;
import org.hotspare.testing.Command;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A tree that is changed at a given rate by all that a server does; then both sides are equal. */
final class BusyTreeTest {
  private static final int MEGABYTES = 2000;
  private static final Duration SHORT = Duration.ofSeconds(5);
  private static final Duration LONG = Duration.ofSeconds(15);

  @ParameterizedTest
  @EnumSource(names = {"EXT4", "XFS", "BTRFS", "TMPFS"})
  void fiveHundredChangesASecond(PairOn.Place place) throws Exception {
    isEqualAfter(place, 500, SHORT);
  }

  @Test
  void twoThousandChangesASecond() throws Exception {
    isEqualAfter(PairOn.Place.EXT4, 2000, SHORT);
  }

  @Tag("long")
  @ParameterizedTest
  @EnumSource
  void fiveHundredChangesASecondForLong(PairOn.Place place) throws Exception {
    isEqualAfter(place, 500, LONG);
  }

  @Tag("long")
  @ParameterizedTest
  @EnumSource
  void twoThousandChangesASecondForLong(PairOn.Place place) throws Exception {
    isEqualAfter(place, 2000, LONG);
  }

  private static void isEqualAfter(PairOn.Place place, int changesPerSecond, Duration duration)
      throws Exception {
    long seed = ThreadLocalRandom.current().nextInt(1_000_000);
    System.out.println(place + ", seed " + seed);
    try (PairOn on = PairOn.make(place, MEGABYTES)) {
      // So that what comes and goes is no mass deletion.
      Command.succeed(
          List.of("/bin/sh", "-c", "cd " + on.tree() + " && seq 6000 | split -l 1 -a 4"));
      on.pair().start().barrier();
      try (Churn churn = Churn.start(on.tree(), changesPerSecond, duration, seed)) {
        churn.await();
      }
      on.pair().assertSame();
    }
  }
}

package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.hotspare.admin.CoverageStatus;
import org.hotspare.linux.KernelSetting;
import org.hotspare.testing.Churn;
import org.hotspare.testing.Command;
import org.hotspare.testing.Judge;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where the kernel drops events, or gives none, both sides still become equal. */
@Tag("alone")
final class LostEventsTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @ParameterizedTest
  @CsvSource({
    "EXT4,fs/fanotify/max_queued_events,fanotify",
    "OVERLAY,fs/inotify/max_queued_events,inotify"
  })
  void aQueueThatOverflowsLosesNothing(PairOn.Place place, String limit, String method)
      throws Exception {
    long seed = ThreadLocalRandom.current().nextInt(1_000_000);
    System.out.println(place + ", seed " + seed);
    try (PairOn on = PairOn.make(place, 500)) {
      TestPair pair = on.pair();
      try (KernelSetting _ = KernelSetting.set(limit, 8)) {
        pair.start();
      }
      pair.barrier();
      CoverageStatus whole = pair.alpha().mirror().coverage();
      assertThat(whole.method()).isEqualTo(method);
      assertThat(whole.complete()).isTrue();
      // So many entries that comparing all takes a while: long enough to be seen.
      shell("cd %s; seq 8000 | split -l 1 -a 4".formatted(on.tree()));
      try (Churn churn = Churn.start(on.tree(), 2000, MINUTE, seed)) {
        TestPair.await("degraded", () -> !pair.alpha().mirror().coverage().complete());
        assertThat(churn.isRunning()).isTrue();
      }
      pair.assertSame();
      TestPair.await("complete again", () -> pair.alpha().mirror().coverage().complete());
      shell("echo later >%s/later".formatted(on.tree()));
      pair.assertSame();
    }
  }

  @Test
  void withoutRoomForWatchesTheTreeIsPolled() throws Exception {
    try (PairOn on = PairOn.make(PairOn.Place.OVERLAY, 100);
        KernelSetting _ = KernelSetting.set("fs/inotify/max_user_watches", 1)) {
      TestPair pair = on.pair();
      shell("cd %s; mkdir -p a/b c; echo one >a/b/file; echo two >c/file".formatted(on.tree()));
      pair.start();
      pair.assertSame();
      CoverageStatus coverage = pair.alpha().mirror().coverage();
      assertThat(coverage.complete()).isFalse();
      assertThat(coverage.reason()).contains("polled").contains("max_user_watches");
      shell(
          "cd %s; echo changed >a/b/file; mv c d; mkdir -p d/e/f; echo new >d/e/f/g"
              .formatted(on.tree()));
      Judge.assertSameTree(on.tree(), on.copy(), TestPair.LIMIT);
      Path file = on.tree().resolve("d/e/f/g");
      Files.writeString(file, "and before a barrier");
      pair.assertSame();
    }
  }

  private static void shell(String script) {
    Command.succeed(List.of("/bin/sh", "-e", "-c", script));
  }
}

package org.hotspare.index;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.SplittableRandom;
import org.hotspare.tree.Position;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random transactions, some of them rolled back, against the same in maps. */
class RandomIndexTest {
  private static final int STEPS = 3_000;

  @TempDir private Path directory;

  private static final class OnPurpose extends RuntimeException {}

  @Test
  void theDatabaseAnswersAsTheMapsDo() {
    long seed = System.nanoTime();
    System.out.println("RandomIndexTest: seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    RandomHistory history = new RandomHistory(seed);
    ModelIndex model = new ModelIndex();
    Path file = directory.resolve("index.db");
    Index index = Index.open(file, 200_000);
    try {
      for (long step = 1; step <= STEPS; step++) {
        long now = step;
        if (random.nextInt(10) == 0) {
          rollBack(index, new RandomHistory(seed + 1), now);
        }
        index.update(Durability.FAST, writer -> history.apply(writer, now));
        history.apply(model, step);
        if (random.nextInt(300) == 0) {
          compare(index, model, random);
        }
        if (random.nextInt(500) == 0) {
          index.close();
          index = Index.open(file, 200_000);
        }
      }
      compare(index, model, random);
    } finally {
      index.close();
    }
  }

  private static void rollBack(Index index, RandomHistory other, long step) {
    assertThatExceptionOfType(OnPurpose.class)
        .isThrownBy(
            () ->
                index.update(
                    Durability.FAST,
                    writer -> {
                      // The first transaction would open the first epoch.
                      if (step > 1) {
                        other.apply(writer, step);
                      }
                      throw new OnPurpose();
                    }));
  }

  private static void compare(Index index, ModelIndex model, SplittableRandom random) {
    try (Snapshot snapshot = index.snapshot()) {
      RandomHistory.assertSame(snapshot, model);
      Position head = model.head();
      for (int i = 0; i < 5; i++) {
        long a = random.nextLong(head.packed() + 1);
        long b = random.nextLong(head.packed() + 1);
        RandomHistory.assertSameChanges(
            snapshot, model, Position.unpack(Math.min(a, b)), Position.unpack(Math.max(a, b)));
      }
    }
  }
}

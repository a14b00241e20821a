package org.hotspare.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hotspare.linux.LoopFileSystem;
import org.junit.jupiter.api.Test;

/** The disk of the state directory runs full, and gets room again. */
class FullDiskIndexTest {
  private static final int MAX_STEPS = 20_000;

  @Test
  void aFullDiskStopsTransactionsAndLosesNone() throws IOException {
    RandomHistory history = new RandomHistory(5);
    try (LoopFileSystem small = LoopFileSystem.create(LoopFileSystem.Kind.TMPFS, 6)) {
      Path filler = small.path().resolve("filler");
      Files.write(filler, new byte[3 << 20]);
      Path file = small.path().resolve("index.db");
      long done;
      try (Index index = Index.open(file, 500_000);
          Snapshot pins = index.snapshot()) {
        done = writeUntilFull(index, history);
        assertThat(RandomHistory.last(pins)).isZero();
        assertStandsAt(index, history, done);
        // Still full: the next one fails in the same way, and changes as little.
        assertThat(fails(index, history, done + 1)).isTrue();
        assertStandsAt(index, history, done);
        Files.delete(filler);
        for (int more = 0; more < 20; more++) {
          done++;
          assertThat(fails(index, history, done)).isFalse();
        }
        assertStandsAt(index, history, done);
      }
      try (Index index = Index.open(file)) {
        assertThat(index.wasCleanlyClosed()).isTrue();
        assertStandsAt(index, history, done);
      }
    }
  }

  /** How many transactions there was room for. */
  private static long writeUntilFull(Index index, RandomHistory history) {
    for (long step = 1; step < MAX_STEPS; step++) {
      if (fails(index, history, step)) {
        return step - 1;
      }
    }
    throw new AssertionError("the disk never ran full");
  }

  private static boolean fails(Index index, RandomHistory history, long step) {
    try {
      index.update(Durability.FAST, writer -> history.apply(writer, step));
      return false;
    } catch (IndexException e) {
      assertThat(e.kind()).describedAs("%s", e).isEqualTo(IndexException.Kind.FULL);
      return true;
    }
  }

  private static void assertStandsAt(Index index, RandomHistory history, long step) {
    try (Snapshot snapshot = index.snapshot()) {
      assertThat(RandomHistory.last(snapshot)).isEqualTo(step);
      RandomHistory.assertSame(snapshot, history.after(step));
    }
  }
}

package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A standby that is slower than the changes gets fewer and larger cuts, and no queue of them. */
@Timeout(120)
final class PacedCutsTest {
  private static final int FILES = 40;
  private static final int CONFIRMED = 10;
  private static final long PACE_NANOS = 10_000_000;
  private static final long QUIET_MILLIS = 1500;

  @TempDir Path base;

  /** A cut that came. */
  private record Cut(Position to, Set<Name> names, long atNanos) {}

  @Test
  void whatChangesWhileTwoCutsAreNotConfirmedComesInOne() throws Exception {
    try (TestPair pair = TestPair.make(base).start()) {
      pair.assertSame();
      pair.beta().stop();
      BlockingQueue<Cut> cuts = new LinkedBlockingQueue<>();
      try (Link link = pair.connectAsBeta()) {
        link.sendNow(
            new Frame.Subscribe("www", Bytes.EMPTY, Position.NONE, Lineage.EMPTY, false, true));
        var _ = Thread.ofVirtual().start(() -> receive(link, cuts));
        for (Cut cut = next(cuts); cut != null; cut = next(cuts)) {
          link.sendNow(new Frame.Ack(cut.to()));
        }
        for (int i = 0; i < FILES; i++) {
          Files.writeString(pair.alpha().tree().resolve("file-" + i), "content");
          LockSupport.parkNanos(PACE_NANOS);
        }
        Cut first = Objects.requireNonNull(next(cuts));
        Cut second = Objects.requireNonNull(next(cuts));
        // It comes at last, without an acknowledgement: a standby may wait for what is in it.
        Cut third = Objects.requireNonNull(next(cuts));
        System.out.printf(
            "PacedCutsTest: cuts of %d, %d and %d names%n",
            first.names().size(), second.names().size(), third.names().size());
        assertThat(TimeUnit.NANOSECONDS.toMillis(third.atNanos() - second.atNanos()))
            .as("ms until the third")
            .isGreaterThan(QUIET_MILLIS / 3);
        assertThat(third.names()).hasSizeGreaterThan(FILES / 2);
        link.sendNow(new Frame.Ack(third.to()));
        long since = System.nanoTime();
        for (int i = 0; i < CONFIRMED; i++) {
          Files.writeString(pair.alpha().tree().resolve("confirmed-" + i), "content");
          link.sendNow(new Frame.Ack(Objects.requireNonNull(next(cuts)).to()));
        }
        assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - since))
            .as("seconds for %d cuts that are confirmed at once", CONFIRMED)
            .isLessThan(CONFIRMED / 2);
      }
      pair.beta().start();
      pair.assertSame();
    }
  }

  private static @Nullable Cut next(BlockingQueue<Cut> cuts) throws InterruptedException {
    return cuts.poll(QUIET_MILLIS, TimeUnit.MILLISECONDS);
  }

  private static void receive(Link link, BlockingQueue<Cut> cuts) {
    Set<Name> names = new HashSet<>();
    try {
      while (true) {
        switch (link.receive()) {
          case Frame.Rows rows -> rows.rows().forEach(row -> note(row.change(), names));
          case Frame.CutEnd end -> {
            cuts.add(new Cut(end.to(), Set.copyOf(names), System.nanoTime()));
            names.clear();
          }
          default -> {}
        }
      }
    } catch (IOException closed) {
      // The test has seen what it wanted.
    }
  }

  private static void note(Change change, Set<Name> names) {
    if (change instanceof Change.NameSet set) {
      names.add(set.name());
    }
  }
}

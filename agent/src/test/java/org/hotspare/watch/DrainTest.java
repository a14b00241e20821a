package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.hotspare.index.Snapshot;
import org.hotspare.tree.RelPath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who asks for all that happened until now gets it, whatever goes on happening. */
final class DrainTest {
  private static final int ROUNDS = 5;

  /** More than are listed in one step. */
  private static final int DIRECTORIES = 400;

  private static final int WRITERS = 2;

  /** As many are there at a time that the tracker sees them before they go. */
  private static final int ALIVE = 50;

  /** In every step of a tracker that is as slow as on a busy machine something comes and goes. */
  private static final Duration STEP = Duration.ofMillis(20);

  private static final Duration PAUSE = Duration.ofMillis(1);

  @TempDir Path base;

  @Test
  void aDrainEndsInATreeThatNeverRests() throws Exception {
    Path tree = Files.createDirectory(base.resolve("tree"));
    AtomicLong made = new AtomicLong();
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService writers = Executors.newFixedThreadPool(WRITERS);
        Followed followed = new Followed(tree, base.resolve("state"), new Problems()).start()) {
      followed.settle();
      followed.tracker.onChange(() -> LockSupport.parkNanos(STEP.toNanos()));
      List<Future<?>> writing = new ArrayList<>();
      for (int writer = 0; writer < WRITERS; writer++) {
        writing.add(writers.submit(replacing(tree.resolve("replaced-" + writer), made, over)));
      }
      try {
        await("it does not rest", () -> made.get() > 1000);
        for (int round = 0; round < ROUNDS; round++) {
          Path directory = Files.createDirectories(tree.resolve("kept-" + round + "/below"));
          Files.writeString(directory.resolve("file"), "content");
          Files.createLink(tree.resolve("link-" + round), directory.resolve("file"));
          Files.writeString(tree.resolve("gone"), "soon");
          Files.delete(tree.resolve("gone"));
          followed.settle();
          assertThat(followed.id("kept-" + round + "/below/file"))
              .isEqualTo(followed.id("link-" + round));
          assertThat(followed.at("gone")).isEmpty();
        }
      } finally {
        over.set(true);
      }
      for (Future<?> writer : writing) {
        writer.get(60, TimeUnit.SECONDS);
      }
      followed.settle();
      assertThat(followed.at("replaced-0/0")).isEmpty();
      assertThat(followed.tracker.isScanning()).isFalse();
    }
  }

  /** Directories that were not listed yet are elsewhere before their turn comes. */
  @Test
  void aDrainKnowsWhatIsInATreeThatIsRenamedRightAfter() throws Exception {
    Path tree = Files.createDirectory(base.resolve("tree"));
    AtomicLong made = new AtomicLong();
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService writer = Executors.newSingleThreadExecutor();
        Followed followed = new Followed(tree, base.resolve("state"), new Problems()).start()) {
      followed.settle();
      Future<?> writing = writer.submit(replacing(tree.resolve("replaced"), made, over));
      try {
        for (int round = 0; round < ROUNDS; round++) {
          Path top = Files.createDirectory(tree.resolve("top-" + round));
          for (int i = 0; i < DIRECTORIES; i++) {
            Path directory = Files.createDirectory(top.resolve("d" + i));
            Files.writeString(directory.resolve("file"), "content");
          }
          CompletableFuture<Tracker.Drained> drained = followed.tracker.drain();
          Files.move(top, tree.resolve("moved-" + round));
          assertThat(drained.get(60, TimeUnit.SECONDS).unseen().isNone()).isTrue();
          try (Snapshot snapshot = followed.index.snapshot()) {
            assertThat(files(snapshot, "top-" + round) + files(snapshot, "moved-" + round))
                .as("files known in round %d", round)
                .isEqualTo(DIRECTORIES);
          }
        }
      } finally {
        over.set(true);
      }
      writing.get(60, TimeUnit.SECONDS);
    }
  }

  /** How many of the directories in one that may be there hold their file. */
  private static long files(Snapshot snapshot, String top) {
    return IntStream.range(0, DIRECTORIES)
        .mapToObj(i -> snapshot.resolve(RelPath.of(top + "/d" + i + "/file")))
        .filter(Optional::isPresent)
        .count();
  }

  /** Makes directories with a file, and removes each once there are some more. */
  private static Callable<Void> replacing(Path directory, AtomicLong made, AtomicBoolean over)
      throws IOException {
    Files.createDirectory(directory);
    return () -> {
      for (long next = 0; !over.get(); next++) {
        Path child = Files.createDirectory(directory.resolve(Long.toString(next)));
        Files.writeString(child.resolve("file"), "content");
        if (next >= ALIVE) {
          Path old = directory.resolve(Long.toString(next - ALIVE));
          Files.delete(old.resolve("file"));
          Files.delete(old);
        }
        made.incrementAndGet();
        LockSupport.parkNanos(PAUSE.toNanos());
      }
      return null;
    };
  }
}

package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.hotspare.index.Inode;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.testing.Churn;
import org.hotspare.tree.RelPath;
import org.junit.jupiter.api.Test;

/**
 * A tracker that starts while a tree changes, as it did since the last one ended, knows the tree
 * once that rests. {@code -Drestart.seed=N -Drestart.rounds=N} repeats a run, or makes it longer.
 */
final class RestartTest {
  private static final int CHANGES_PER_SECOND = 2000;

  @Test
  void aTrackerThatStartsUnderChurnKnowsTheTree() throws Exception {
    long seed = Long.getLong("restart.seed", System.nanoTime());
    int rounds = Integer.getInteger("restart.rounds", 6);
    System.out.println("RestartTest: seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    try (LoopFileSystem disk = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 2000)) {
      Path tree = Files.createDirectory(disk.path().resolve("tree"));
      Path state = Files.createDirectory(disk.path().resolve("state"));
      try (Churn churn = Churn.start(tree, CHANGES_PER_SECOND, Duration.ZERO, seed)) {
        for (int round = 0; round < rounds; round++) {
          Thread.sleep(random.nextInt(600));
          start(tree, state, churn, random.nextInt(2) == 0 ? 0 : random.nextInt(1500), round);
        }
      }
    }
  }

  private static void start(Path tree, Path state, Churn churn, int millis, int round)
      throws Exception {
    try (Followed followed = new Followed(tree, state, new Problems()).start()) {
      if (millis > 0) {
        Thread.sleep(millis);
      } else {
        // A machine that has other work may not keep up with the changes until they pause.
        var _ = followed.tracker.drain().completeOnTimeout(null, 5, TimeUnit.SECONDS).get();
      }
      churn.pause();
      var _ = followed.tracker.drain().get(60, TimeUnit.SECONDS);
      try (Snapshot snapshot = followed.index.snapshot()) {
        Map<String, Long> real = inodes(tree);
        Map<String, Long> known = new TreeMap<>();
        for (String path : real.keySet()) {
          snapshot
              .resolve(RelPath.of(path))
              .flatMap(snapshot::inode)
              .map(Inode::local)
              .ifPresent(local -> known.put(path, local.inode()));
        }
        assertThat(difference(known, real)).as("round %d, %d ms", round, millis).isEmpty();
        assertThat(snapshot.counts().entries()).isEqualTo(new HashSet<>(real.values()).size() + 1);
      }
      churn.goOn();
      Thread.sleep(50);
    }
  }

  private static List<String> difference(Map<String, Long> known, Map<String, Long> real) {
    return real.entrySet().stream()
        .filter(at -> !at.getValue().equals(known.get(at.getKey())))
        .map(at -> at + " is known as " + known.get(at.getKey()))
        .toList();
  }

  private static Map<String, Long> inodes(Path tree) throws IOException {
    Map<String, Long> found = new TreeMap<>();
    try (Stream<Path> walk = Files.walk(tree)) {
      for (Path path : walk.toList()) {
        if (!path.equals(tree)) {
          found.put(
              tree.relativize(path).toString(),
              (Long) Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS));
        }
      }
    }
    return found;
  }
}

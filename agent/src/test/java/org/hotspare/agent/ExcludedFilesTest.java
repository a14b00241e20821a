package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.hotspare.admin.MirrorState;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.testing.Judge;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a standby has of its own, under names that are excluded, stays where it is. */
final class ExcludedFilesTest {
  private static final int MANY = 1200;
  private static final List<String> OWN = List.of("d/cache/a", "d/own", "d/sub/deep/cache/b");

  /** Not compared: one side's own. */
  private static final String[] EXCLUDED = {"d/cache", "d/own", "d/sub/deep/cache"};

  @TempDir Path base;

  private static void run(String command, Path in) {
    LoopFileSystem.run("sh", "-ec", "cd %s; %s".formatted(in, command));
  }

  /** A pair whose primary has a directory, and whose standby has files of its own in it. */
  private TestPair pairWithOwnFiles() throws Exception {
    TestPair pair =
        TestPair.make(
                base,
                base.resolve("alpha/tree"),
                base.resolve("beta/tree"),
                ", exclude: [\"cache/\", \"/d/own\"]",
                "")
            .start();
    Path tree = pair.alpha().tree();
    run("mkdir -p d/sub/deep e; touch d/f d/sub/g d/sub/deep/h e/i", tree);
    pair.assertSame();
    for (String path : OWN) {
      Path file = pair.beta().tree().resolve(path);
      Files.createDirectories(file.getParent());
      Files.writeString(file, path);
    }
    return pair;
  }

  private static void assertOwnFiles(TestPair pair) {
    assertThat(OWN)
        .allSatisfy(path -> assertThat(pair.beta().tree().resolve(path)).hasContent(path));
  }

  private static void assertSame(TestPair pair) throws Exception {
    pair.barrier();
    Judge.assertSameTree(pair.alpha().tree(), pair.beta().tree(), TestPair.LIMIT, EXCLUDED);
  }

  /** Directories without anything of the mirror in them, above what is excluded, come on top. */
  private static void assertHasOnly(TestPair pair, String... paths) throws IOException {
    assertThat(LoopFileSystem.run("sh", "-ec", files(pair)).lines().sorted().toList())
        .containsExactlyInAnyOrder(paths);
  }

  private static String files(TestPair pair) {
    return "cd %s; find d -type f -not -path '*/cache/*' -not -path d/own"
        .formatted(pair.beta().tree());
  }

  @Test
  void aDirectoryThatIsDeletedStaysWithThemAndIsTakenOver() throws Exception {
    try (TestPair pair = pairWithOwnFiles()) {
      run("rm -r d", pair.alpha().tree());
      pair.barrier();
      assertOwnFiles(pair);
      assertHasOnly(pair);
      assertThat(pair.beta().shows("d", "it holds excluded files")).isTrue();
      run("mkdir -p d/sub/deep; touch d/new; chmod 711 d", pair.alpha().tree());
      assertSame(pair);
      assertOwnFiles(pair);
    }
  }

  @Test
  void aDirectoryThatIsDeletedAndMadeAgainAtOnce() throws Exception {
    try (TestPair pair = pairWithOwnFiles()) {
      for (int i = 0; i < 3; i++) {
        run("rm -r d; mkdir -p d/sub/deep; touch d/new%d".formatted(i), pair.alpha().tree());
        assertSame(pair);
        assertOwnFiles(pair);
      }
      run("rm -r d; mkdir d; touch d/new", pair.alpha().tree());
      pair.barrier();
      assertOwnFiles(pair);
      assertHasOnly(pair, "d/new");
    }
  }

  @Test
  void anotherDirectoryTakesItsName() throws Exception {
    try (TestPair pair = pairWithOwnFiles()) {
      run("rm -r d; mv e d", pair.alpha().tree());
      pair.barrier();
      assertOwnFiles(pair);
      assertHasOnly(pair, "d/i");
    }
  }

  @Test
  void aDirectoryThatIsRenamedTakesThemAlong() throws Exception {
    try (TestPair pair = pairWithOwnFiles()) {
      run("mv d d2; mkdir d", pair.alpha().tree());
      pair.barrier();
      assertThat(pair.beta().tree().resolve("d2/cache/a")).hasContent("d/cache/a");
    }
  }

  @Test
  void aFileTakesTheNameOnceTheyAreGone() throws Exception {
    try (TestPair pair = pairWithOwnFiles()) {
      // In one cut: where the name is free before the directory is gone, that waits elsewhere, with
      // what is in it, and finds its place taken.
      pair.beta().stop();
      run("rm -r d; echo file > d", pair.alpha().tree());
      assertThat(pair.tryBarrier(Duration.ofMillis(300)).durable()).isFalse();
      pair.beta().start();
      pair.flow();
      TestPair.await("the problem", () -> pair.alpha().shows("d", "holds excluded files"));
      assertOwnFiles(pair);
      run("rm -r d", pair.beta().tree());
      pair.assertSame();
      TestPair.await("in sync", () -> pair.beta().mirror().state() == MirrorState.IN_SYNC);
    }
  }

  private static void removeMany(TestPair pair) throws Exception {
    run("mkdir many; seq -f many/f%%.0f %d | xargs touch".formatted(MANY), pair.alpha().tree());
    pair.barrier();
    run("rm -r many d", pair.alpha().tree());
    TestPair.await("held", () -> pair.beta().mirror().state() == MirrorState.HELD);
    pair.barrier();
    assertHasOnly(pair, "d/f", "d/sub/g", "d/sub/deep/h");
    run("mkdir -p d/sub; touch d/new", pair.alpha().tree());
    pair.barrier();
    assertOwnFiles(pair);
    assertHasOnly(pair, "d/f", "d/sub/g", "d/sub/deep/h", "d/new");
  }

  @Test
  void aHeldDeletionThatIsApprovedLeavesThem() throws Exception {
    try (TestPair pair = pairWithOwnFiles()) {
      removeMany(pair);
      pair.alpha().operations().approve(null, Duration.ZERO);
      TestPair.await("in sync", () -> pair.beta().mirror().state() == MirrorState.IN_SYNC);
      pair.barrier();
      assertOwnFiles(pair);
      assertHasOnly(pair, "d/new");
    }
  }

  @Test
  void aHeldDeletionThatIsRejectedLeavesThem() throws Exception {
    try (TestPair pair = pairWithOwnFiles()) {
      removeMany(pair);
      pair.alpha().operations().reject(null);
      TestPair.await("in sync", () -> pair.beta().mirror().state() == MirrorState.IN_SYNC);
      assertSame(pair);
      assertOwnFiles(pair);
      assertHasOnly(pair, "d/f", "d/sub/g", "d/sub/deep/h", "d/new");
    }
  }
}

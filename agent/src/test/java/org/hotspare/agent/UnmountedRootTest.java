package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.hotspare.admin.MirrorState;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.testing.Command;
import org.hotspare.testing.Judge;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An operator unmounts the primary's root while both agents run. */
final class UnmountedRootTest {
  private static final int FILES = 300;

  @TempDir Path base;
  private LoopFileSystem disk;
  private LoopFileSystem other;
  private TestPair pair;
  private Path root;

  @BeforeEach
  void makeACopy() throws Exception {
    disk = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64);
    other = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64);
    root = disk.path();
    for (int i = 0; i < FILES; i++) {
      Path directory = Files.createDirectories(root.resolve("d" + i % 10));
      Files.writeString(directory.resolve("f" + i), "content " + i);
    }
    pair = TestPair.make(base, root, base.resolve("beta/tree"), "", "").start();
    pair.assertSame();
    run("cp", "-a", root.toString(), base.resolve("before").toString());
  }

  @AfterEach
  void close() throws Exception {
    pair.close();
    disk.close();
    other.close();
  }

  private static void run(String... command) {
    Command.succeed(List.of(command));
  }

  private static String source(Path mountPoint) {
    return Command.succeed(
            List.of("findmnt", "--noheadings", "--output", "SOURCE", mountPoint.toString()))
        .strip();
  }

  /** Plainly: only what is looked at for a moment keeps a filesystem, not what the agent holds. */
  private void unmount() throws Exception {
    TestPair.await(
        "unmounted",
        () -> Command.run(Duration.ofMinutes(1), List.of("umount", root.toString())).status() == 0);
  }

  private void awaitHeld() throws Exception {
    TestPair.await("held", () -> pair.alpha().mirror().state() == MirrorState.HELD);
    assertThat(pair.alpha().mirror().held()).contains("is not the directory that was mirrored");
    assertThat(pair.tryBarrier(Duration.ofMillis(100)).durable()).isFalse();
    Judge.assertSameTree(base.resolve("before"), pair.beta().tree(), TestPair.LIMIT);
  }

  private Object inode(String path) throws Exception {
    return Files.getAttribute(pair.beta().tree().resolve(path), "unix:ino");
  }

  @Test
  void itIsHeldAndGoesOnWhenItIsMountedAgain() throws Exception {
    Object copied = inode("d7/f7");
    Path image = root.resolveSibling("image");
    for (int i = 0; i < 2; i++) {
      unmount();
      awaitHeld();
      run("mount", "-o", "loop", image.toString(), root.toString());
      TestPair.await("found again", () -> pair.alpha().mirror().held() == null);
      Files.writeString(root.resolve("d3/f3"), "after the accident " + i);
      pair.assertSame();
      assertThat(inode("d7/f7")).as("not copied again").isEqualTo(copied);
      run("rm", "-rf", base.resolve("before").toString());
      run("cp", "-a", root.toString(), base.resolve("before").toString());
    }
  }

  @Test
  void anotherFilesystemInItsPlaceIsFilledAgainWhenRejected() throws Exception {
    unmount();
    run("mount", source(other.path()), root.toString());
    awaitHeld();
    assertThat(root.resolve("d3")).doesNotExist();
    pair.alpha().operations().reject(null);
    // The tree is full before it is durable and taken for the mirror's; until then it is held.
    Judge.assertSameTree(base.resolve("before"), root, TestPair.LIMIT, "lost+found");
    TestPair.await("taken again", () -> pair.alpha().mirror().held() == null);
    pair.assertSame();
    Files.writeString(root.resolve("d3/f3"), "after the accident");
    pair.assertSame();
  }

  @Test
  void anotherFilesystemInItsPlaceIsTakenWhenApproved() throws Exception {
    unmount();
    run("mount", source(other.path()), root.toString());
    awaitHeld();
    Files.writeString(root.resolve("new"), "on a new disk");
    pair.alpha().operations().approve(null, Duration.ofMinutes(1));
    TestPair.await("not held", () -> pair.alpha().mirror().held() == null);
    pair.assertSame();
    assertThat(pair.beta().tree().resolve("d3")).doesNotExist();
  }
}

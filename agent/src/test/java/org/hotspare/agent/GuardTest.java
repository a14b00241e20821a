package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.hotspare.admin.MirrorState;
import org.hotspare.admin.WrongRequest;
import org.hotspare.linux.Immutable;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.testing.Judge;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An accident on the primary is not repeated on the standby until somebody says that it was meant.
 */
final class GuardTest {
  /** Eleven of fifteen of them are more than the guard of most of these pairs lets through. */
  private static final int FILES = 375;

  private static final String GUARD = "guard: {deletions: 250}";

  @TempDir Path base;

  private void fill(Path tree) throws Exception {
    fill(tree, FILES);
  }

  private static void fill(Path tree, int files) throws Exception {
    for (int i = 0; i < files; i++) {
      Path directory = tree.resolve("d" + i % 30);
      Files.createDirectories(directory);
      Files.writeString(directory.resolve("f" + i), "content " + i);
    }
  }

  private static void run(String command) throws Exception {
    Process process = new ProcessBuilder("/bin/sh", "-c", command).start();
    assertThat(process.waitFor()).as(command).isZero();
  }

  private TestPair pairWithCopy() throws Exception {
    return pairWithCopyAt(base.resolve("beta/tree"));
  }

  private TestPair pairWithCopyAt(Path copy) throws Exception {
    return withCopy(TestPair.make(base, base.resolve("alpha/tree"), copy, "", GUARD), FILES);
  }

  /** A pair whose standby has its tree on a filesystem of its own. */
  private TestPair pairWithCopyOn(LoopFileSystem standby) throws Exception {
    return pairWithCopyAt(standby.path().resolve("tree"));
  }

  private TestPair withCopy(TestPair pair, int files) throws Exception {
    pair.start();
    fill(pair.alpha().tree(), files);
    pair.assertSame();
    run("cp -a " + pair.alpha().tree() + " " + base.resolve("before"));
    return pair;
  }

  @Test
  void aMassDeletionGoesThroughOnceApproved() throws Exception {
    try (TestPair pair = withCopy(TestPair.make(base), 1500)) {
      run("rm -rf " + pair.alpha().tree() + "/*");
      TestPair.await("held", () -> pair.beta().mirror().state() == MirrorState.HELD);
      Files.writeString(pair.alpha().tree().resolve("later"), "all else flows");
      TestPair.await("all else flows", () -> Files.exists(pair.beta().tree().resolve("later")));
      pair.alpha().operations().approve(null, Duration.ofMinutes(1));
      pair.assertSame();
    }
  }

  private static void approve(TestPair pair) throws Exception {
    pair.alpha().operations().approve(null, Duration.ZERO);
    TestPair.await("not held", () -> pair.beta().mirror().held() == null);
  }

  private static void reject(TestPair pair) {
    try {
      pair.alpha().operations().reject(null);
    } catch (WrongRequest e) {
      throw new AssertionError(e);
    }
  }

  private static void removeAll(TestPair pair) throws Exception {
    run("rm -rf " + pair.alpha().tree() + "/*");
    TestPair.await("held", () -> pair.beta().mirror().state() == MirrorState.HELD);
    pair.barrier();
  }

  private static List<String> files(Path tree) throws Exception {
    try (Stream<Path> walk = Files.walk(tree)) {
      return walk.filter(Files::isRegularFile)
          .map(file -> tree.relativize(file).toString())
          .toList();
    }
  }

  @Test
  void approvalThatIsRefusedForOneFile() throws Exception {
    try (LoopFileSystem ext4 = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64);
        TestPair pair = pairWithCopyOn(ext4)) {
      removeAll(pair);
      Path copy = pair.beta().tree();
      try (var _ = new Immutable(copy.resolve("d7/f7"))) {
        approve(pair);
        assertThat(files(copy)).containsExactly("d7/f7");
        TestPair.await("the problem", () -> pair.alpha().shows("d7/f7", "not permitted"));
        assertThat(pair.beta().shows("d7", "it holds what cannot be removed")).isTrue();
        Files.writeString(pair.alpha().tree().resolve("later"), "goes on");
        pair.flow();
        assertThat(copy.resolve("later")).hasContent("goes on");
        assertThat(pair.beta().mirror().state()).isEqualTo(MirrorState.DEGRADED);
      }
      pair.assertSame();
      TestPair.await("in sync", () -> pair.beta().mirror().state() == MirrorState.IN_SYNC);
    }
  }

  @Test
  void approvalThatIsRefusedForAMountPoint() throws Exception {
    try (LoopFileSystem ext4 = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64);
        TestPair pair = pairWithCopyOn(ext4)) {
      removeAll(pair);
      Path copy = pair.beta().tree();
      try (LoopFileSystem other = LoopFileSystem.create(LoopFileSystem.Kind.TMPFS, 1)) {
        Files.writeString(other.path().resolve("own"), "of another filesystem");
        run("mount --bind %s %s".formatted(other.path(), copy.resolve("d7")));
        try {
          approve(pair);
          TestPair.await("the problem", () -> pair.alpha().shows("d7", "busy"));
          assertThat(files(copy)).containsExactly("d7/own");
        } finally {
          run("umount " + copy.resolve("d7"));
        }
      }
      pair.assertSame();
    }
  }

  @Test
  void rejectAfterAnApprovalThatWasRefused() throws Exception {
    try (LoopFileSystem ext4 = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64);
        TestPair pair = pairWithCopyOn(ext4)) {
      removeAll(pair);
      try (var _ = new Immutable(pair.beta().tree().resolve("d7/f7"))) {
        approve(pair);
        reject(pair);
        fill(pair.alpha().tree());
        pair.flow();
        removeAll(pair);
        reject(pair);
        TestPair.await("not held", () -> pair.beta().mirror().held() == null);
      }
      pair.assertSame();
      assertThat(files(pair.beta().tree())).hasSize(FILES);
    }
  }

  @Test
  void rejectEndsWhereSomebodyRemovedWhatWasHeld() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      removeAll(pair);
      Path copy = pair.beta().tree();
      run("rm -r %1$s/d7 %1$s/d8/f8".formatted(copy));
      pair.barrier();
      TestPair.await(
          "all else is back",
          () -> {
            reject(pair);
            return pair.beta().mirror().held() == null;
          });
      pair.assertSame();
      Judge.assertSameTree(
          base.resolve("before"), pair.alpha().tree(), TestPair.LIMIT, "d7", "d8/f8");
    }
  }

  @Test
  void whatIsHeldIsExactlyTheTreeBeforeTheAccident() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      run("rm -rf " + pair.alpha().tree() + "/*");
      TestPair.await("held", () -> pair.beta().mirror().state() == MirrorState.HELD);
      pair.barrier();
      Judge.assertSameTree(base.resolve("before"), pair.beta().tree(), TestPair.LIMIT);
    }
  }

  @Test
  void hardLinksAndReplacedFilesAreNoExceptions() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      Path tree = pair.alpha().tree();
      // Replacing every file, as a deployment does, deletes nothing. From outside: a name that came
      // and went a moment before the accident may come back with what was deleted then.
      run(
          "cd %1$s && for f in d*/*; do echo new >%2$s && mv %2$s $f; done"
              .formatted(tree, base.resolve("new")));
      run("cd %s && for f in d1*/*; do ln $f links-$(basename $f); done".formatted(tree));
      pair.assertSame();
      run("rm -rf %1$s && cp -a %2$s %1$s".formatted(base.resolve("before"), tree));
      run("cd %s && rm -rf d1* d2* links-*".formatted(tree));
      TestPair.await("held", () -> pair.beta().mirror().state() == MirrorState.HELD);
      pair.barrier();
      Judge.assertSameTree(base.resolve("before"), pair.beta().tree(), TestPair.LIMIT);
      pair.alpha().operations().reject(null);
      Judge.assertSameTree(base.resolve("before"), tree, TestPair.LIMIT);
      pair.assertSame();
    }
  }

  @Test
  void aRootThatIsGoneIsFilledAgainWithoutSendingItBack() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      Path tree = pair.alpha().tree();
      Files.move(tree, tree.resolveSibling("away"));
      TestPair.await("held", () -> pair.alpha().mirror().state() == MirrorState.HELD);
      Object inode = Files.getAttribute(pair.beta().tree().resolve("d7/f7"), "unix:ino");
      pair.alpha().operations().reject(null);
      TestPair.await("taken again", () -> pair.alpha().mirror().held() == null);
      pair.assertSame();
      Judge.assertSameTree(base.resolve("before"), tree, TestPair.LIMIT);
      assertThat(Files.getAttribute(pair.beta().tree().resolve("d7/f7"), "unix:ino"))
          .isEqualTo(inode);
      Files.writeString(tree.resolve("later"), "goes on");
      pair.assertSame();
    }
  }

  @Test
  void rejectBringsThePrimaryBackToTheTreeBeforeTheAccident() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      run("rm -rf " + pair.alpha().tree() + "/d1* " + pair.alpha().tree() + "/d2*");
      TestPair.await("held", () -> pair.beta().mirror().state() == MirrorState.HELD);
      pair.alpha().operations().reject(null);
      Judge.assertSameTree(base.resolve("before"), pair.alpha().tree(), TestPair.LIMIT);
      TestPair.await("in sync", () -> pair.beta().mirror().state() == MirrorState.IN_SYNC);
      pair.assertSame();
      Judge.assertSameTree(base.resolve("before"), pair.beta().tree(), TestPair.LIMIT);
    }
  }

  @Test
  void aRootThatWasReplacedIsNotTakenForAnEmptiedOne() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      Path tree = pair.alpha().tree();
      Path away = tree.resolveSibling("away");
      Files.move(tree, away);
      Files.createDirectory(tree);
      TestPair.await("held", () -> pair.alpha().mirror().state() == MirrorState.HELD);
      Judge.assertSameTree(base.resolve("before"), pair.beta().tree(), TestPair.LIMIT);

      Files.delete(tree);
      Files.move(away, tree);
      Files.writeString(tree.resolve("new"), "after the accident");
      TestPair.await("found again", () -> pair.alpha().mirror().held() == null);
      pair.assertSame();
    }
  }
}

package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.hotspare.admin.MirrorState;
import org.hotspare.testing.Judge;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An accident on the primary is not repeated on the standby until somebody says that it was meant.
 */
final class GuardTest {
  private static final int FILES = 1500;

  @TempDir Path base;

  private void fill(Path tree) throws Exception {
    for (int i = 0; i < FILES; i++) {
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
    TestPair pair = TestPair.make(base).start();
    fill(pair.alpha().tree());
    pair.assertSame();
    run("cp -a " + pair.alpha().tree() + " " + base.resolve("before"));
    return pair;
  }

  @Test
  void aMassDeletionGoesThroughOnceApproved() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      run("rm -rf " + pair.alpha().tree() + "/*");
      TestPair.await("held", () -> pair.beta().mirror().state() == MirrorState.HELD);
      Files.writeString(pair.alpha().tree().resolve("later"), "all else flows");
      TestPair.await("all else flows", () -> Files.exists(pair.beta().tree().resolve("later")));
      pair.alpha().operations().approve(null, Duration.ofMinutes(1));
      pair.assertSame();
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
      // Replacing every file, as a deployment does, deletes nothing.
      run("cd %s && for f in d*/*; do echo new >.new && mv .new $f; done".formatted(tree));
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

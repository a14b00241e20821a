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

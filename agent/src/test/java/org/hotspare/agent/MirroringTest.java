package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.hotspare.admin.MirrorState;
import org.hotspare.testing.Command;
import org.hotspare.testing.Judge;
import org.hotspare.testing.OpenWriter;
import org.hotspare.testing.Zoo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user sees of a primary and a standby on one machine. */
final class MirroringTest {
  @TempDir Path base;

  @Test
  void anEmptyStandbyGetsEveryKindOfEntry() throws Exception {
    Path tree = base.resolve("alpha/tree");
    Files.createDirectories(tree);
    Zoo.make(tree);
    try (TestPair pair = TestPair.make(base).start()) {
      pair.assertSame();
      assertThat(pair.alpha().mirror().problems()).isEmpty();
    }
  }

  @Test
  void liveChangesArrive() throws Exception {
    try (TestPair pair = TestPair.make(base).start()) {
      Path tree = pair.alpha().tree();
      Files.createDirectories(tree.resolve("a/b"));
      Files.writeString(tree.resolve("a/b/one"), "one");
      Files.createLink(tree.resolve("a/two"), tree.resolve("a/b/one"));
      Files.createSymbolicLink(tree.resolve("link"), Path.of("a/b/one"));
      pair.assertSame();

      Files.move(tree.resolve("a"), tree.resolve("c"));
      Files.writeString(tree.resolve("c/two"), "changed through one of two names");
      Files.delete(tree.resolve("link"));
      pair.assertSame();

      Files.move(tree.resolve("c/b"), tree.resolve("b"));
      Files.move(tree.resolve("c"), tree.resolve("b/c"));
      Files.delete(tree.resolve("b/one"));
      pair.assertSame();
    }
  }

  @Test
  void aLargeFileChangesInParts() throws Exception {
    try (TestPair pair = TestPair.make(base).start()) {
      Path file = pair.alpha().tree().resolve("large");
      byte[] content = new byte[20 << 20];
      new Random(1).nextBytes(content);
      Files.write(file, content);
      pair.assertSame();

      content[10 << 20] ^= 1;
      Files.write(file, content);
      pair.assertSame();

      byte[] longer = new byte[content.length + 100_001];
      System.arraycopy(content, 0, longer, 1, content.length);
      Files.write(file, longer);
      pair.assertSame();
    }
  }

  @Test
  void changesWhileTheAgentsWereDownArrive() throws Exception {
    try (TestPair pair = TestPair.make(base).start()) {
      Path tree = pair.alpha().tree();
      for (int i = 0; i < 300; i++) {
        Files.createDirectories(tree.resolve("d" + i % 10));
        Files.writeString(tree.resolve("d" + i % 10 + "/f" + i), "content " + i);
      }
      pair.assertSame();
      pair.stop();
      for (int i = 0; i < 100; i++) {
        Files.writeString(tree.resolve("d" + i % 10 + "/f" + i), "changed " + i);
      }
      Files.move(tree.resolve("d1"), tree.resolve("d2/moved"));
      Files.delete(tree.resolve("d3/f103"));
      pair.start();
      pair.assertSame();
    }
  }

  @Test
  void aRestartCopiesNothing() throws Exception {
    try (TestPair pair = TestPair.make(base).start()) {
      Path tree = pair.alpha().tree();
      for (int i = 0; i < 300; i++) {
        Files.writeString(tree.resolve("f" + i), "content " + i);
      }
      pair.assertSame();
      Object inode = Files.getAttribute(pair.beta().tree().resolve("f7"), "unix:ino");
      var position = pair.alpha().mirror().position();
      pair.stop();
      pair.start();
      pair.assertSame();
      assertThat(Files.getAttribute(pair.beta().tree().resolve("f7"), "unix:ino")).isEqualTo(inode);
      assertThat(pair.alpha().mirror().position().epoch()).isGreaterThan(position.epoch());
      assertThat(pair.alpha().mirror().position().sequence()).as("changes numbered").isZero();
    }
  }

  @Test
  void aStandbyWhoseTreeIsNotEmptyAsksFirst() throws Exception {
    Path alpha = base.resolve("alpha/tree");
    Path beta = base.resolve("beta/tree");
    Files.createDirectories(alpha);
    Files.createDirectories(beta);
    Files.writeString(alpha.resolve("same"), "same");
    Files.writeString(beta.resolve("same"), "same");
    Files.writeString(alpha.resolve("other"), "from the primary");
    Files.writeString(beta.resolve("other"), "from the standby");
    Files.writeString(beta.resolve("extra"), "only here");
    try (TestPair pair = TestPair.make(base).start()) {
      TestPair.await("held", () -> pair.beta().mirror().state() == MirrorState.HELD);
      assertThat(pair.beta().mirror().held()).contains("replace 1", "delete 1");
      assertThat(Files.readString(beta.resolve("other"))).isEqualTo("from the standby");
      pair.alpha().operations().approve(null, java.time.Duration.ofMinutes(1));
      pair.assertSame();
    }
  }

  @Test
  void whatSomebodyChangesOnTheStandbyIsMended() throws Exception {
    try (TestPair pair = TestPair.make(base).start()) {
      Path tree = pair.alpha().tree();
      Files.createDirectories(tree.resolve("d/e"));
      Files.writeString(tree.resolve("d/e/file"), "right");
      Files.writeString(tree.resolve("d/other"), "right too");
      Files.createSymbolicLink(tree.resolve("link"), Path.of("d/other"));
      Command.succeed(List.of("ln", "-P", tree + "/link", tree + "/d/twice"));
      Command.succeed(List.of("mkfifo", tree + "/pipe"));
      pair.assertSame();
      Path copy = pair.beta().tree();
      // By another process: what the agent's own does is never taken for drift.
      String changes =
          "echo wrong >d/other; echo mine >stranger; rm d/e/file; rmdir d/e; rm link d/twice pipe";
      Process somebody =
          new ProcessBuilder("/bin/sh", "-c", changes).directory(copy.toFile()).start();
      assertThat(somebody.waitFor()).isZero();
      Judge.assertSameTree(tree, copy, TestPair.LIMIT);
    }
  }

  @Test
  void aDirectoryThatWasAwayOnTheStandbyMissesNothing() throws Exception {
    try (TestPair pair = TestPair.make(base).start()) {
      Path tree = pair.alpha().tree();
      Files.createDirectories(tree.resolve("d/e"));
      Files.writeString(tree.resolve("d/e/goes"), "1");
      Files.writeString(tree.resolve("d/stays"), "2");
      pair.assertSame();
      Path copy = pair.beta().tree();
      Path away = base.resolve("away");
      for (int i = 0; i < 5; i++) {
        // Away it goes, without waiting for anything: what follows meets it in any state.
        Command.run(Duration.ofSeconds(30), List.of("mv", copy + "/d", away.toString()));
        Files.deleteIfExists(tree.resolve("d/e/goes"));
        Files.writeString(tree.resolve("d/e/new" + i), "new");
        Command.run(Duration.ofSeconds(30), List.of("mv", "-T", away.toString(), copy + "/d"));
        Judge.assertSameTree(tree, copy, TestPair.LIMIT);
        Files.writeString(tree.resolve("d/e/goes"), "again " + i);
        Command.run(Duration.ofSeconds(30), List.of("rm", "-rf", away.toString()));
        Judge.assertSameTree(tree, copy, TestPair.LIMIT);
      }
    }
  }

  @Test
  void whatIsWrittenWithoutAnEventIsFoundWhileTheFileIsOpen() throws Exception {
    try (TestPair pair = TestPair.make(base).start()) {
      Path file = pair.alpha().tree().resolve("mapped");
      try (OpenWriter writer = OpenWriter.mapping(file, 8192, true)) {
        pair.assertSame();
        writer.store(100, "first, through a page that is clean");
        Judge.assertSameTree(pair.alpha().tree(), pair.beta().tree(), TestPair.LIMIT);
        writer.store(4000, "again, and the page is dirty already");
        Judge.assertSameTree(pair.alpha().tree(), pair.beta().tree(), TestPair.LIMIT);
      }
      pair.assertSame();
    }
  }
}

package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.hotspare.admin.MirrorState;
import org.hotspare.mirror.PrimaryMirror;
import org.hotspare.mirror.StandbyMirror;
import org.hotspare.testing.Command;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A standby that was away for longer than the primary remembers what was deleted. */
final class LongAwayTest {
  @TempDir Path base;

  private static void shell(Path directory, String commands) {
    assertThat(Command.succeed(List.of("/bin/sh", "-ec", "cd " + directory + "; " + commands)))
        .isEmpty();
  }

  private static void forgetEverything(TestPair pair) throws Exception {
    PrimaryMirror mirror = pair.alpha().agent().primaries().get("www");
    assertThat(mirror).isNotNull();
    if (mirror != null) {
      TestPair.await(
          "all is numbered", () -> pair.alpha().mirror().state() != MirrorState.SCANNING);
      mirror.await(List.of(), TestPair.LIMIT);
      // The first call notes where the head is, the second forgets up to there.
      mirror.forgetDeletions(Duration.ZERO, 0);
      mirror.forgetDeletions(Duration.ZERO, 0);
    }
  }

  private TestPair pairWithCopy() throws Exception {
    TestPair pair = TestPair.make(base).start();
    shell(
        pair.alpha().tree(),
        "mkdir d e; for i in $(seq 40); do echo $i >d/$i; echo $i >e/$i; done");
    pair.assertSame();
    return pair;
  }

  /** The standby's index would grow for ever. */
  @Test
  void aStandbyForgetsWhatWasDeletedAsWell() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      shell(pair.alpha().tree(), "rm -r d");
      pair.assertSame();
      StandbyMirror mirror = pair.beta().agent().standbys().get("www");
      assertThat(mirror).isNotNull();
      if (mirror != null) {
        assertThat(deletionsKnown(pair)).isEqualTo(41);
        mirror.forgetDeletions(Duration.ZERO, 0);
        mirror.forgetDeletions(Duration.ZERO, 0);
        assertThat(deletionsKnown(pair)).isZero();
      }
      shell(pair.alpha().tree(), "rm e/1; echo more >e/2");
      pair.assertSame();
    }
  }

  private static long deletionsKnown(TestPair pair) {
    Path file = pair.beta().state().resolve("mirrors/www/index.db");
    String counted =
        Command.succeed(
            List.of(
                "python3",
                "-c",
                "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
                    + " print(c.execute('SELECT count(*) FROM inode_gone').fetchone()[0])",
                file.toString()));
    return Long.parseLong(counted.strip());
  }

  @Test
  void itIsBroughtUpToDateWithoutAQuestion() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      Object inode = Files.getAttribute(pair.beta().tree().resolve("e/7"), "unix:ino");
      pair.beta().stop();
      shell(pair.alpha().tree(), "rm -r d; echo other >e/1; ln e/2 two; mkdir f; echo new >f/x");
      forgetEverything(pair);
      pair.beta().start();
      pair.assertSame();
      assertThat(Files.exists(pair.beta().tree().resolve("d"))).isFalse();
      assertThat(Files.getAttribute(pair.beta().tree().resolve("e/7"), "unix:ino"))
          .as("what is equal is not copied")
          .isEqualTo(inode);
      assertThat(pair.beta().mirror().held()).isNull();
      shell(pair.alpha().tree(), "rm e/3; mv f g");
      pair.assertSame();
    }
  }

  @Test
  void itIsFilledAgainWhereItsTreeWasEmptiedMeanwhile() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      pair.beta().stop();
      shell(pair.beta().tree(), "rm -r *");
      shell(pair.alpha().tree(), "rm -r d; echo other >e/1; mkdir f; echo new >f/x");
      forgetEverything(pair);
      pair.beta().start();
      pair.assertSame();
      assertThat(pair.beta().mirror().held()).isNull();
      shell(pair.alpha().tree(), "rm e/3; mv f g");
      pair.assertSame();
    }
  }

  @Test
  void theGuardHoldsForItToo() throws Exception {
    Path alpha = base.resolve("alpha/tree");
    Path beta = base.resolve("beta/tree");
    try (TestPair pair =
        TestPair.make(base, alpha, beta, "", "guard: {deletions: 10, share: 10%}")) {
      pair.start();
      shell(alpha, "for i in $(seq 40); do echo $i >$i; done");
      pair.assertSame();
      pair.beta().stop();
      shell(alpha, "rm [1-3]*");
      forgetEverything(pair);
      pair.beta().start();
      TestPair.await("held", () -> pair.beta().mirror().state() == MirrorState.HELD);
      assertThat(Files.exists(beta.resolve("1"))).isTrue();
      pair.alpha().operations().approve(null, Duration.ofMinutes(1));
      pair.assertSame();
    }
  }

  @Test
  void whoIsNotAwayForThatLongIsToldWhatWasDeleted() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      forgetEverything(pair);
      pair.beta().stop();
      shell(pair.alpha().tree(), "rm -r d");
      pair.beta().start();
      pair.assertSame();
      String events = Files.readString(pair.alpha().state().resolve("events.jsonl"));
      assertThat(events).contains("(changes only)").doesNotContain("(comparing first)");
    }
  }
}

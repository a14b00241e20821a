package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.hotspare.testing.Churn;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two data nodes and a witness decide who is primary. {@code -Dfailover.seed=N -Dfailover.rounds=N}
 * repeats a run, or makes it longer.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class FailoverTest {
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final int ROUNDS = 2;
  private static final int CHANGES_PER_SECOND = 300;
  private static final int SMALL = 100;

  @TempDir static Path base;
  private Trio trio;

  /** Who is so when a test begins, and is to be so after each change in it. */
  private String primary = "";

  private String standby = "";

  @BeforeAll
  void start() throws Exception {
    trio = Trio.make(base, LEASE);
    trio.startReady();
  }

  @BeforeEach
  void whoIsPrimary() throws Exception {
    primary = trio.awaitSettled();
    standby = Trio.other(primary);
  }

  private void swap() {
    String before = primary;
    primary = standby;
    standby = before;
  }

  @AfterEach
  void startAgain() throws Exception {
    trio.startAgain();
  }

  @AfterAll
  void end() {
    trio.close();
  }

  /** Now and then the standby is killed, too, before it is the primary or while it becomes it. */
  @Test
  void whoeverDiesTheOtherGoesOnWithAllThatWasConfirmed() throws Exception {
    long seed = Long.getLong("failover.seed", System.nanoTime());
    System.out.println("FailoverTest: seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    trio.watch(
        () -> {
          for (int round = 0; round < Integer.getInteger("failover.rounds", ROUNDS); round++) {
            Path tree = trio.tree(primary);
            Files.writeString(tree.resolve("confirmed-" + round), "content " + round);
            trio.barrier(primary);
            try (Churn churn = Churn.start(tree, CHANGES_PER_SECOND, Duration.ZERO, seed + round)) {
              Thread.sleep(200 + random.nextInt(1500));
              assertThat(churn.isRunning()).isTrue();
              trio.agent(primary).kill();
            }
            long killed = System.nanoTime();
            Files.writeString(tree.resolve("alone-" + round), "of the dead one " + round);
            if (round > 0 && random.nextInt(3) == 0) {
              Thread.sleep(random.nextInt((int) LEASE.toMillis() * 2));
              trio.agent(standby).kill();
              trio.agent(standby).start();
              System.out.printf("FailoverTest: %s was killed, too%n", standby);
            }
            trio.awaitPrimary(standby);
            System.out.printf(
                "FailoverTest: %s is primary %d ms after %s died%n",
                standby, (System.nanoTime() - killed) / 1_000_000, primary);
            for (int i = 0; i <= round; i++) {
              assertThat(trio.tree(standby).resolve("confirmed-" + i)).hasContent("content " + i);
            }
            Files.writeString(trio.tree(standby).resolve("afterwards-" + round), "new");
            trio.agent(primary).start();
            trio.awaitPromotable(standby, primary);
            trio.barrier(standby);
            trio.assertSame();
            assertThat(tree.resolve("alone-" + round)).doesNotExist();
            assertThat(kept(tree)).as("kept on " + primary).contains("of the dead one " + round);
            swap();
          }
        });
  }

  /** The contents of the small files that are kept beside a tree. */
  static List<String> kept(Path tree) throws IOException {
    Path kept = tree.resolveSibling(".hotspare").resolve("www").resolve("kept");
    try (Stream<Path> files = Files.walk(kept)) {
      return files
          .filter(file -> Files.isRegularFile(file) && file.toFile().length() < SMALL)
          .map(FailoverTest::content)
          .toList();
    }
  }

  private static String content(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aPrimaryThatIsStoppedHandsOverFirst() throws Exception {
    trio.watch(
        () -> {
          for (int round = 0; round < 2; round++) {
            Path tree = trio.tree(primary);
            try (Churn churn =
                Churn.start(tree, CHANGES_PER_SECOND, Duration.ofSeconds(2), round)) {
              churn.await();
            }
            Files.writeString(tree.resolve("file"), "last of " + primary);
            try (PrimaryPolls polls = trio.pollPrimaries()) {
              polls.await(primary);
              trio.agent(primary).stop();
              polls.assertMoved(primary, standby);
            }
            trio.awaitPrimary(standby);
            assertThat(trio.tree(standby).resolve("file")).hasContent("last of " + primary);
            trio.agent(primary).start();
            trio.awaitPromotable(standby, primary);
            assertThat(trio.agent(standby).logSinceStart())
                .contains("changes only")
                .doesNotContain("comparing first");
            trio.barrier(standby);
            trio.assertSame();
            swap();
          }
        });
  }

  @Test
  void aFrozenPrimaryIsReplacedAndIsNoneWhenItGoesOn() throws Exception {
    trio.watch(
        () -> {
          try (PrimaryPolls polls = trio.pollPrimaries()) {
            trio.barrier(primary);
            polls.await(primary);
            trio.agent(primary).signal("STOP");
            long stopped = System.nanoTime();
            trio.awaitPrimary(standby);
            System.out.printf(
                "FailoverTest: %s is primary %d ms after %s was frozen%n",
                standby, (System.nanoTime() - stopped) / 1_000_000, primary);
            Files.writeString(trio.tree(standby).resolve("file"), "new");
            trio.agent(primary).signal("CONT");
            trio.awaitPromotable(standby, primary);
            assertThat(trio.primaryOf(Trio.DATA_NODES)).isEqualTo(standby);
            trio.barrier(standby);
            trio.assertSame();
            polls.assertMoved(primary, standby);
          }
        });
  }

  @Test
  void withoutAMajorityNobodyIsPromotedAndThePrimaryEnds() throws Exception {
    trio.watch(
        () -> {
          trio.agent("gamma").kill();
          Thread.sleep(2 * LEASE.toMillis());
          assertThat(trio.primaryOf(Trio.DATA_NODES)).as("two of three").isEqualTo(primary);
          trio.agent(primary).kill();
          Thread.sleep(4 * LEASE.toMillis());
          assertThat(trio.primaryOf(List.of(standby))).as("one of three").isEmpty();
          trio.agent("gamma").start();
          trio.awaitPrimary(standby);
          trio.agent(primary).start();
        });
  }
}

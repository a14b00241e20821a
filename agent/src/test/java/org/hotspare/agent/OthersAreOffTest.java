package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.hotspare.admin.Answer;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.RoleOrder;
import org.hotspare.admin.Status;
import org.hotspare.testing.Churn;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two machines of three are off, and an operator says so to the third. {@code -Doff.seed=N} repeats
 * a run.
 */
@Tag("long")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class OthersAreOffTest {
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final int CHANGES_PER_SECOND = 300;
  private static final int EPOCHS_APART = 1000;
  private static final int MOST_KILLS = 20;

  @TempDir static Path base;

  private final long seed = Long.getLong("off.seed", System.nanoTime());
  private final SplittableRandom random = new SplittableRandom(seed);
  private Trio trio;
  private String primary = "";

  /** The one that is left. */
  private String left = "";

  @BeforeAll
  void start() throws Exception {
    System.out.println("OthersAreOffTest: seed " + seed);
    trio = Trio.make(base, LEASE);
    trio.startReady();
  }

  @BeforeEach
  void whoIsPrimary() throws Exception {
    trio.watch(
        () -> {
          primary = trio.awaitSettled();
          left = Trio.other(primary);
          awaitTogether();
        });
  }

  @AfterEach
  void startAgain() throws Exception {
    trio.startAgain();
  }

  @AfterAll
  void end() {
    trio.close();
  }

  /** All that was confirmed the one that is left has. */
  private void othersDie() throws Exception {
    Files.writeString(trio.tree(primary).resolve("confirmed"), "confirmed");
    trio.barrier(primary);
    trio.agent("gamma").kill();
    trio.agent(primary).kill();
    Files.writeString(trio.tree(primary).resolve("alone"), "of the dead one");
  }

  private Answer failOver(String node, boolean acceptLoss) throws CommandFailure {
    return trio.agent(node).client().changeRoles(new RoleOrder.Failover(node, acceptLoss, true));
  }

  private Status.LeaseStatus lease(String node) throws CommandFailure {
    return Objects.requireNonNull(trio.agent(node).client().status().lease());
  }

  private boolean decidesAlone(String node) {
    try {
      return lease(node).alone() != null;
    } catch (CommandFailure notYet) {
      return false;
    }
  }

  private void othersReturn() throws Exception {
    trio.agent(primary).start();
    trio.agent("gamma").start();
  }

  /** Until all go by one record, kept by all. */
  private void awaitTogether() throws InterruptedException {
    for (String node : Trio.NODES) {
      await(node + " knows that a majority decides", () -> trio.epochAt(node) > 0);
      await(node + " knows that a majority decides", () -> !decidesAlone(node));
    }
  }

  private void assertAsOneAgain() throws Exception {
    trio.awaitPromotable(left, primary);
    awaitTogether();
    trio.barrier(left);
    trio.assertSame();
    assertThat(trio.tree(primary).resolve("confirmed")).hasContent("confirmed");
    // A majority of three: it goes on without any one.
    trio.agent("gamma").kill();
    Thread.sleep(2 * LEASE.toMillis());
    assertThat(trio.primaryOf(Trio.DATA_NODES)).as("two of three").isEqualTo(left);
    trio.agent("gamma").start();
    String next = primary;
    await("gamma knows the record", () -> trio.epochAt("gamma") > 0);
    trio.agent(left).kill();
    trio.awaitPrimary(next);
    trio.agent(left).start();
    trio.awaitPromotable(next, left);
  }

  @Test
  void theThirdServesAndTheOthersJoinItAgain() throws Exception {
    trio.watch(
        () -> {
          othersDie();
          long before = trio.epochAt(left);
          Answer answer = failOver(left, false);
          assertThat(answer.outcome()).as("%s", answer.lines()).isEqualTo(Outcome.DONE);
          trio.awaitPrimary(left);
          assertThat(trio.epochAt(left)).isGreaterThan(before + EPOCHS_APART);
          assertThat(lease(left).alone())
              .startsWith(left + " decides alone since ")
              .contains(primary + ", gamma counted as off then");
          try (Churn churn =
              Churn.start(trio.tree(left), CHANGES_PER_SECOND, Duration.ofSeconds(3), seed)) {
            churn.await();
          }
          killAndStart(left);
          trio.awaitPrimary(left);
          othersReturn();
          assertAsOneAgain();
          assertThat(trio.state(left).resolve("events.jsonl"))
              .content()
              .contains("an operator says that all others are off")
              .contains("are back: from now on a majority of");
          assertThat(trio.tree(primary).resolve("alone")).doesNotExist();
        });
  }

  @Test
  void whoAnswersIsNotOff() throws Exception {
    trio.watch(
        () -> {
          trio.agent(primary).kill();
          Answer answer = failOver(left, true);
          // It may have become the primary by itself before that.
          assertThat(answer.outcome() == Outcome.REFUSED || trio.awaitAPrimary().equals(left))
              .as("%s", answer.lines())
              .isTrue();
          assertThat(decidesAlone(left)).isFalse();
          Answer ofWitness = failOver("gamma", true);
          assertThat(ofWitness.outcome()).isEqualTo(Outcome.REFUSED);
          assertThat(ofWitness.lines().toString()).contains("a witness has no role");
        });
  }

  /** One that is frozen is not heard, so those that return go on with the record that they know. */
  @Test
  void ofTwoPrimariesTheOneOfTheHigherEpochStays() throws Exception {
    trio.watch(
        () -> {
          othersDie();
          assertThat(failOver(left, false).outcome()).isEqualTo(Outcome.DONE);
          trio.awaitPrimary(left);
          Files.writeString(trio.tree(left).resolve("higher"), "of the higher epoch");
          trio.agent(left).signal("STOP");
          othersReturn();
          trio.awaitPrimary(primary);
          Files.writeString(trio.tree(primary).resolve("lower"), "of the lower epoch");
          trio.agent(left).signal("CONT");
          assertAsOneAgain();
          assertThat(trio.tree(primary).resolve("higher")).hasContent("of the higher epoch");
          assertThat(trio.tree(primary).resolve("lower")).doesNotExist();
          assertThat(FailoverTest.kept(trio.tree(primary))).contains("of the lower epoch");
        });
  }

  /** It is as before then, and the command is given again; or it serves. */
  @Test
  void killedMeanwhileItHasTheOldRecordOrTheNewOne() throws Exception {
    trio.watch(
        () -> {
          othersDie();
          int kills = 0;
          while (!decidesAlone(left)) {
            assertThat(kills).as("kills in vain").isLessThan(MOST_KILLS);
            CompletableFuture<String> answer = CompletableFuture.supplyAsync(this::failOverInWords);
            Thread.sleep(LEASE.toMillis() + random.nextInt(3 * (int) LEASE.toMillis()));
            killAndStart(left);
            kills++;
            System.out.println("OthersAreOffTest: " + answer.get());
            await(left + " answers", () -> trio.epochAt(left) > 0);
          }
          System.out.printf("OthersAreOffTest: it was killed %d times%n", kills);
          trio.awaitPrimary(left);
          othersReturn();
          // Killed while it brings them together, too.
          for (int i = 0; i < 3; i++) {
            Thread.sleep(random.nextInt(2 * (int) LEASE.toMillis()));
            killAndStart(left);
          }
          left = trio.awaitSettled();
          primary = Trio.other(left);
          assertAsOneAgain();
        });
  }

  private String failOverInWords() {
    try {
      return String.join(" ", failOver(left, true).lines());
    } catch (CommandFailure killed) {
      return String.valueOf(killed.getMessage());
    }
  }

  private void killAndStart(String node) throws Exception {
    trio.agent(node).kill();
    trio.agent(node).start();
  }
}

package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.hotspare.admin.Answer;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.RoleOrder;
import org.hotspare.testing.Churn;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Standbys that are behind, and former primaries that were ahead. */
@Tag("long")
final class FailoverTroubleTest {
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final String PRIMARY = "alpha";
  private static final String STANDBY = "beta";
  private static final int PER_DIRECTORY = 1000;

  @TempDir Path base;
  private @Nullable Trio trio;

  @AfterEach
  void end() {
    if (trio != null) {
      trio.close();
    }
  }

  /** Alpha is primary, and beta may take over. */
  private Trio start(String more) throws Exception {
    Trio started = Trio.make(base, LEASE, more, _ -> List.of());
    trio = started;
    return started.startReady();
  }

  private static Answer failOver(Trio nodes, boolean acceptLoss) {
    try {
      return nodes
          .agent(STANDBY)
          .client()
          .changeRoles(new RoleOrder.Failover(STANDBY, acceptLoss, false));
    } catch (CommandFailure e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aStandbyThatLagsPastTheLimitIsPromotedByAnOperatorOnly() throws Exception {
    Trio nodes = start("failover: {max-lag: 1s}");
    nodes.watch(
        () -> {
          Path tree = nodes.tree(PRIMARY);
          nodes.agent(STANDBY).signal("STOP");
          try (Churn churn = Churn.start(tree, 100, Duration.ZERO, 1)) {
            await(
                "barriers do not wait for it",
                () -> nodes.tells(PRIMARY, STANDBY + " is more than 1 s behind"));
            // It is told before the record is written, and until then barriers wait for it.
            await("the record says so", () -> !nodes.promotableAt(PRIMARY).contains(STANDBY));
            assertThat(churn.isRunning()).isTrue();
          }
          Files.writeString(tree.resolve("lost"), "of the one that died");
          nodes.agent(PRIMARY).kill();
          nodes.agent(STANDBY).signal("CONT");
          await(
              "it says why it is not promoted",
              () -> nodes.tells(STANDBY, "it may lack changes that were confirmed"));
          Thread.sleep(3 * LEASE.toMillis());
          assertThat(nodes.primaryOf(List.of(STANDBY))).isEmpty();
          Answer refused = failOver(nodes, false);
          assertThat(refused.outcome()).as("%s", refused).isEqualTo(Outcome.REFUSED);
          assertThat(String.join("\n", refused.lines())).contains("--accept-loss");
          Answer forced = failOver(nodes, true);
          assertThat(forced.outcome()).as("%s", forced).isEqualTo(Outcome.DONE);
          nodes.awaitPrimary(STANDBY);
          nodes.agent(PRIMARY).start();
          nodes.awaitPromotable(STANDBY, PRIMARY);
          nodes.barrier(STANDBY);
          nodes.assertSame();
          assertThat(tree.resolve("lost")).doesNotExist();
          assertThat(keptFiles(tree)).as("what only it had is kept").isGreaterThanOrEqualTo(1);
        });
  }

  /** Files that are kept beside a tree. */
  private static long keptFiles(Path tree) throws IOException {
    Path kept = tree.resolveSibling(".hotspare").resolve("www").resolve("kept");
    if (!Files.exists(kept)) {
      return 0;
    }
    try (Stream<Path> files = Files.walk(kept)) {
      return files.filter(Files::isRegularFile).count();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100_000})
  void theOldPrimaryComesBackWithFilesThatOnlyItHas(int files) throws Exception {
    Trio nodes = start("");
    nodes.watch(
        () -> {
          Path tree = nodes.tree(PRIMARY);
          Files.writeString(tree.resolve("both"), "content");
          nodes.barrier(PRIMARY);
          nodes.agent(PRIMARY).kill();
          nodes.awaitPrimary(STANDBY);
          long began = System.nanoTime();
          for (int i = 0; i < files; i++) {
            Path directory = tree.resolve("alone-" + i / PER_DIRECTORY);
            if (i % PER_DIRECTORY == 0) {
              Files.createDirectory(directory);
            }
            Files.writeString(directory.resolve("file-" + i), "of the one that died");
          }
          System.out.printf(
              "FailoverTroubleTest: %d files made in %d ms%n", files, millisSince(began));
          Files.writeString(nodes.tree(STANDBY).resolve("afterwards"), "new");
          began = System.nanoTime();
          nodes.agent(PRIMARY).start();
          nodes.awaitPromotable(STANDBY, PRIMARY, LIMIT);
          System.out.printf(
              "FailoverTroubleTest: back after %d ms with %d files of its own%n",
              millisSince(began), files);
          nodes.barrier(STANDBY);
          assertThat(keptFiles(tree)).as("what only it had is kept").isEqualTo(files);
          nodes.assertSame();
          assertThat(tree.resolve("both")).hasContent("content");
          assertThat(tree.resolve("afterwards")).hasContent("new");
          assertThat(nodes.primaryOf(Trio.DATA_NODES)).isEqualTo(STANDBY);
        });
  }

  private static long millisSince(long nanos) {
    return (System.nanoTime() - nanos) / 1_000_000;
  }
}

package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.hotspare.admin.Answer;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.RoleOrder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Clients of a service address reach the service wherever the primary is. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class TakeoverTest {
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir static Path base;
  private Site site;
  private Trio trio;

  /** Who is so when a test begins. */
  private String primary = "";

  private String standby = "";

  @BeforeAll
  void start() throws Exception {
    site = Site.withAddress(base, LEASE);
    trio = site.trio();
  }

  @BeforeEach
  void whoIsPrimary() throws Exception {
    primary = trio.awaitSettled();
    standby = Trio.other(primary);
    site.awaitAnswer(primary);
    site.mark();
  }

  @AfterEach
  void startAgain() throws Exception {
    trio.startAgain();
  }

  @AfterAll
  void end() {
    if (site != null) {
      site.close();
    }
  }

  private Outcome order(String node, RoleOrder order) {
    try {
      Answer answer = trio.agent(node).client().changeRoles(order);
      System.out.println("TakeoverTest: " + answer);
      return answer.outcome();
    } catch (CommandFailure e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void clientsFollowTheServiceWithoutKnowing() throws Exception {
    trio.watch(
        () -> {
          assertThat(site.hasAddress(primary)).isTrue();
          assertThat(site.hasAddress(standby)).isFalse();
          // Its service goes on, with nobody there who could stop it.
          trio.agent(primary).kill();
          site.awaitAnswer(standby);
          trio.agent(primary).start();
          trio.awaitPromotable(standby, primary);
          await("the address is gone", LIMIT, () -> !site.hasAddress(primary));
          // A standby that comes back may leave the promotable set once more before it has all.
          await(
              "handed over",
              LIMIT,
              () -> order(standby, new RoleOrder.Switchover(primary)) == Outcome.DONE);
          site.awaitAnswer(primary);
          System.out.println(
              "TakeoverTest: milliseconds without an answer before " + site.changesSince());
          assertThat(site.answeredSince()).containsExactly(standby, primary);
        });
  }

  /** As while the agents are replaced by newer ones. */
  @Test
  void whileHandsAreOffNothingMovesWhateverBecomesOfTheAgents() throws Exception {
    trio.watch(
        () -> {
          assertThat(order(primary, new RoleOrder.Pause("upgrade", 0))).isEqualTo(Outcome.DONE);
          for (boolean cleanly : List.of(true, false)) {
            for (String node : Trio.NODES) {
              if (cleanly) {
                trio.agent(node).stop();
              } else {
                trio.agent(node).kill();
              }
            }
            // Longer than lease, address and gate would last.
            Thread.sleep(3 * LEASE.toMillis());
            assertThat(site.hasAddress(primary)).as("the primary has the address").isTrue();
            site.assertAnswersNow(primary);
            for (String node : Trio.NODES) {
              trio.agent(node).start();
            }
            trio.awaitPromotable(primary, standby);
            Thread.sleep(2 * LEASE.toMillis());
            assertThat(site.hasAddress(primary)).as("the primary has the address").isTrue();
            assertThat(trio.primaryOf(Trio.DATA_NODES)).isEqualTo(primary);
          }
          assertThat(order(primary, new RoleOrder.Resume())).isEqualTo(Outcome.DONE);
          trio.awaitPromotable(primary, standby);
          Thread.sleep(2 * LEASE.toMillis());
          site.assertAnswersNow(primary);
          assertThat(site.answeredSince()).as("who answered in turn").isEmpty();
          trio.agent(primary).kill();
          site.awaitAnswer(standby);
        });
  }
}

package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.hotspare.testing.Network;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A service that runs on both data nodes all the time is reached by clients at the primary alone,
 * whatever becomes of the agents and of the links between the hosts.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class GatedServiceTest {
  private static final Duration LEASE = Duration.ofSeconds(3);
  private static final String WITNESS = "gamma";

  @TempDir static Path base;
  private Site site;
  private Network network;
  private Trio trio;

  /** Who is so when a test begins. */
  private String primary = "";

  private String standby = "";
  private long epoch;

  @BeforeAll
  void start() throws Exception {
    site = Site.gated(base, LEASE);
    network = site.network();
    trio = site.trio();
  }

  @BeforeEach
  void whoIsPrimary() throws Exception {
    primary = trio.awaitSettled();
    standby = Trio.other(primary);
    site.awaitAnswer(primary);
    epoch = trio.epochAt(primary);
    site.mark();
  }

  /** What was cut or stopped by a test that failed. */
  @AfterEach
  void mend() throws Exception {
    for (String from : Trio.NODES) {
      for (String to : Trio.NODES) {
        network.heal(from, to);
      }
      network.plugIn(from);
    }
    trio.startAgain();
  }

  @AfterAll
  void end() {
    if (site != null) {
      site.close();
    }
  }

  private void assertNothingMoves(String during) throws Exception {
    Thread.sleep(3 * LEASE.toMillis());
    assertThat(trio.primaryOf(Trio.DATA_NODES)).as("primary, " + during).isEqualTo(primary);
    assertThat(trio.epochAt(primary)).as("epoch, " + during).isEqualTo(epoch);
    assertThat(site.answeredSince()).as("who answered, " + during).isEmpty();
    site.assertAnswersNow(primary);
  }

  @Test
  void itIsReachedAtThePrimaryAloneWhateverBecomesOfTheAgents() throws Exception {
    trio.watch(
        () -> {
          trio.agent(primary).signal("STOP");
          site.awaitAnswer(standby);
          trio.awaitPrimary(standby);
          trio.agent(primary).signal("CONT");
          trio.awaitPromotable(standby, primary);
          trio.agent(standby).kill();
          site.awaitAnswer(primary);
          trio.agent(standby).start();
          trio.awaitPromotable(primary, standby);
          network.unplug(primary);
          site.awaitAnswer(standby);
          network.plugIn(primary);
          trio.awaitPromotable(standby, primary);
          System.out.println(
              "GatedServiceTest: milliseconds without an answer before " + site.changesSince());
          assertThat(site.answeredSince())
              .as("who answered in turn")
              .containsExactly(standby, primary, standby);
        });
  }

  @Test
  void aLinkThatIsCutMovesNothing() throws Exception {
    trio.watch(
        () -> {
          for (String[] link : new String[][] {{primary, standby}, {primary, WITNESS}}) {
            network.cutBothWays(link[0], link[1]);
            assertNothingMoves("%s and %s do not hear each other".formatted(link[0], link[1]));
            network.healBothWays(link[0], link[1]);
            trio.awaitPromotable(primary, standby);
          }
        });
  }

  @Test
  @Tag("long")
  void aLinkThatIsCutInOneDirectionMovesNothing() throws Exception {
    trio.watch(
        () -> {
          for (String from : Trio.NODES) {
            for (String to : Trio.NODES) {
              if (!from.equals(to)) {
                network.cut(from, to);
                assertNothingMoves("%s does not hear %s".formatted(to, from));
                network.heal(from, to);
                trio.awaitPromotable(primary, standby);
              }
            }
          }
        });
  }

  @Test
  void aWitnessThatStandsStillMovesNothing() throws Exception {
    trio.watch(
        () -> {
          for (int i = 0; i < 3; i++) {
            trio.agent(WITNESS).signal("STOP");
            Thread.sleep(1500);
            trio.agent(WITNESS).signal("CONT");
            Thread.sleep(300);
          }
          assertNothingMoves("after the witness stood still");
        });
  }

  @Test
  void aPrimaryThatOnlyClientsReachIsReplacedAndAnswersNobodyThen() throws Exception {
    trio.watch(
        () -> {
          for (String other : List.of(standby, WITNESS)) {
            network.cutBothWays(primary, other);
          }
          site.awaitAnswer(standby);
          for (String other : List.of(standby, WITNESS)) {
            network.healBothWays(primary, other);
          }
          trio.awaitPromotable(standby, primary);
          Thread.sleep(2 * LEASE.toMillis());
          assertThat(site.answeredSince()).as("who answered in turn").containsExactly(standby);
          trio.barrier(standby);
          trio.assertSame();
        });
  }

  @Test
  void allThreeAreStartedAgainAtOnce() throws Exception {
    trio.watch(
        () -> {
          trio.barrier(primary);
          for (String node : Trio.NODES) {
            trio.agent(node).kill();
          }
          for (String node : Trio.NODES) {
            trio.agent(node).start();
          }
          String now = trio.awaitAPrimary();
          site.assertAnswersNow(now);
          trio.awaitPromotable(now, Trio.other(now));
          assertThat(site.answeredSince()).as("who answered in turn").hasSizeLessThanOrEqualTo(1);
          trio.barrier(now);
          trio.assertSame();
        });
  }

  @Test
  @Tag("long")
  void linksThatComeAndGoMoveThePrimaryOnceAtMost() throws Exception {
    trio.watch(
        () -> {
          long until = System.nanoTime() + Duration.ofMinutes(1).toNanos();
          while (System.nanoTime() < until) {
            network.cutBothWays(primary, standby);
            network.cutBothWays(primary, WITNESS);
            Thread.sleep(100);
            network.healBothWays(primary, standby);
            network.healBothWays(primary, WITNESS);
            Thread.sleep(100);
          }
          trio.awaitAPrimary();
          assertThat(site.answeredSince()).as("who answered in turn").hasSizeLessThanOrEqualTo(1);
        });
  }
}

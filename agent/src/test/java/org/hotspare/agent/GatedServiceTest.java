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
    Thread.sleep(2 * LEASE.toMillis());
    assertThat(trio.primaryOf(Trio.DATA_NODES)).as("primary, " + during).isEqualTo(primary);
    assertThat(trio.epochAt(primary)).as("epoch, " + during).isEqualTo(epoch);
    assertThat(site.answeredSince()).as("who answered, " + during).isEmpty();
    site.assertAnswersNow(primary);
  }

  @Test
  void itIsReachedAtThePrimaryAloneWhateverBecomesOfTheAgents() throws Exception {
    trio.watch(
        () -> {
          trio.agent(primary).kill();
          site.awaitAnswer(standby);
          trio.agent(primary).start();
          trio.awaitPromotable(standby, primary);
          network.unplug(standby);
          site.awaitAnswer(primary);
          network.plugIn(standby);
          trio.awaitPromotable(primary, standby);
          System.out.println(
              "GatedServiceTest: milliseconds without an answer before " + site.changesSince());
          assertThat(site.answeredSince())
              .as("who answered in turn")
              .containsExactly(standby, primary);
        });
  }

  @Test
  void aFrozenPrimaryIsShutByTheKernelBeforeTheOtherOpens() throws Exception {
    String atOther = "connect=" + network.address(standby);
    trio.watch(
        () -> {
          try (Questions questions =
              Questions.to(
                  site,
                  "push=" + Site.ADDRESS,
                  "tcp=" + Site.ADDRESS,
                  "tcp=" + network.address(primary),
                  atOther)) {
            Thread.sleep(LEASE.toMillis() / 4);
            trio.agent(primary).signal("STOP");
            long stopped = System.nanoTime();
            site.awaitAnswer(standby);
            trio.awaitPrimary(standby);
            trio.agent(primary).signal("CONT");
            trio.awaitPromotable(standby, primary);
            Thread.sleep(LEASE.toMillis());
            Questions.Answers answers = questions.finish();
            Questions.Answers others =
                answers.from(atOther, Questions.arp(network.hardware(standby)));
            Questions.Answers frozen = answers.without(others);
            System.out.printf(
                "GatedServiceTest: %s was stopped; after %d ms its gate was shut, after %d ms that"
                    + " of %s was open%n",
                primary, frozen.last(stopped), others.first(stopped), standby);
            assertThat(frozen.names())
                .as("what was answered by %s", primary)
                .hasSize(4)
                .contains(Questions.arp(network.hardware(primary)));
            assertThat(others.names()).as("what was answered by %s", standby).hasSize(2);
            assertThat(frozen.lastNanos())
                .as("all that %s answered, also after it went on", primary)
                .isLessThan(others.firstNanos());
          }
        });
  }

  @Test
  void whoFlushesThePacketFilterMakesNoSecondPrimary() throws Exception {
    String here = "connect=" + network.address(primary);
    String there = "connect=" + network.address(standby);
    trio.watch(
        () -> {
          try (Questions questions = Questions.to(site, here, there)) {
            Thread.sleep(LEASE.toMillis() / 4);
            long flushed = System.nanoTime();
            assertThat(network.run(primary, "nft", "flush", "ruleset").status()).isZero();
            Thread.sleep(2 * LEASE.toMillis());
            long end = System.nanoTime();
            Questions.Answers answers = questions.finish().from(here, there);
            long silence = answers.longestSilenceMillis(flushed, end);
            System.out.printf(
                "GatedServiceTest: longest silence after the packet filter was flushed: %d ms%n",
                silence);
            assertThat(silence).isLessThan(3000);
            if (answers.names().contains(there)) {
              assertThat(answers.from(here).lastNanos())
                  .as("all that %s answered", primary)
                  .isLessThan(answers.from(there).firstNanos());
            }
          }
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

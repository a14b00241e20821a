package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.hotspare.testing.Background;
import org.hotspare.testing.Command;
import org.hotspare.testing.Network;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three hosts with real agents, a service on both data nodes, and a client that asks both in turn
 * all the time. Whatever is lost between the hosts, never do two answer.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class CutLinksTest {
  private static final Duration LEASE = Duration.ofSeconds(3);
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final int PORT = 8080;
  private static final String WITNESS = "gamma";

  @TempDir static Path base;
  private Network network;
  private Trio trio;
  private final List<Background> services = new ArrayList<>();
  private @Nullable Background client;

  /** Who is so when a test begins. */
  private String primary = "";

  private String standby = "";
  private long epoch;
  private int answersBefore;

  @BeforeAll
  void start() throws Exception {
    network = Network.of("alpha", "beta", WITNESS, "client");
    trio = Trio.make(base, LEASE, network, "takeover: {ports: [%d]}".formatted(PORT));
    for (String node : Trio.DATA_NODES) {
      services.add(background(node, Command.script("answer", PORT, node)));
    }
    client =
        background(
            "client",
            Command.script("who_answers", PORT, network.address("alpha"), network.address("beta")));
    try {
      trio.start();
      trio.awaitReady();
    } catch (AssertionError e) {
      throw trio.withLogs(e);
    }
  }

  private Background background(String host, List<String> command) {
    List<String> all = new ArrayList<>(network.on(host));
    all.addAll(command);
    return new Background(all);
  }

  @BeforeEach
  void whoIsPrimary() throws Exception {
    await("a primary", LIMIT, () -> !trio.primaryOf(Trio.DATA_NODES).isEmpty());
    primary = trio.primaryOf(Trio.DATA_NODES);
    standby = Trio.DATA_NODES.get(1 - Trio.DATA_NODES.indexOf(primary));
    trio.awaitPromotable(primary, standby);
    await("the client reaches it", LIMIT, () -> answered().getLast().equals(primary));
    epoch = trio.epochAt(primary);
    answersBefore = answered().size();
  }

  /** What was cut or stopped by a test that failed. */
  @AfterEach
  void mend() throws Exception {
    for (String from : Trio.NODES) {
      for (String to : Trio.NODES) {
        network.heal(from, to);
      }
      trio.agent(from).startIfEnded();
    }
  }

  @AfterAll
  void end() {
    if (client != null) {
      client.close();
    }
    services.forEach(Background::close);
    if (trio != null) {
      trio.close();
    }
    network.close();
  }

  /** A client that asks for the first time. */
  private void assertAnswersNow(String name) throws Exception {
    List<String> asking =
        Command.script("who_answers", PORT, network.address("alpha"), network.address("beta"));
    try (Background another = background("client", asking)) {
      await("an answer", LIMIT, () -> !another.output().isEmpty());
      assertThat(another.output().strip()).endsWith(" " + name);
    }
  }

  /** Who has answered the client, in turn. */
  private List<String> answered() {
    List<String> all =
        Objects.requireNonNull(client)
            .output()
            .lines()
            .map(line -> line.substring(line.indexOf(' ') + 1))
            .toList();
    return all.isEmpty() ? List.of("") : all;
  }

  private List<String> answeredSince() {
    return answered().subList(answersBefore, answered().size());
  }

  private void assertNothingMoves(String during) throws Exception {
    Thread.sleep(3 * LEASE.toMillis());
    assertThat(trio.primaryOf(Trio.DATA_NODES)).as("primary, " + during).isEqualTo(primary);
    assertThat(trio.epochAt(primary)).as("epoch, " + during).isEqualTo(epoch);
    assertThat(answeredSince()).as("who answered, " + during).isEmpty();
    assertAnswersNow(primary);
  }

  @Test
  void aLinkThatIsCutMovesNothing() throws Exception {
    try {
      for (String[] link : new String[][] {{primary, standby}, {primary, WITNESS}}) {
        network.cutBothWays(link[0], link[1]);
        assertNothingMoves("%s and %s do not hear each other".formatted(link[0], link[1]));
        network.healBothWays(link[0], link[1]);
        trio.awaitPromotable(primary, standby);
      }
    } catch (AssertionError e) {
      throw trio.withLogs(e);
    }
  }

  @Test
  @Tag("long")
  void aLinkThatIsCutInOneDirectionMovesNothing() throws Exception {
    try {
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
    } catch (AssertionError e) {
      throw trio.withLogs(e);
    }
  }

  @Test
  void aWitnessThatStandsStillMovesNothing() throws Exception {
    try {
      for (int i = 0; i < 3; i++) {
        trio.agent(WITNESS).signal("STOP");
        Thread.sleep(1500);
        trio.agent(WITNESS).signal("CONT");
        Thread.sleep(300);
      }
      assertNothingMoves("after the witness stood still");
    } catch (AssertionError e) {
      throw trio.withLogs(e);
    }
  }

  @Test
  void aPrimaryThatOnlyClientsReachIsReplacedAndAnswersNobodyThen() throws Exception {
    try {
      for (String other : List.of(standby, WITNESS)) {
        network.cutBothWays(primary, other);
      }
      await("the standby answers", LIMIT, () -> answered().getLast().equals(standby));
      for (String other : List.of(standby, WITNESS)) {
        network.healBothWays(primary, other);
      }
      trio.awaitPromotable(standby, primary);
      Thread.sleep(2 * LEASE.toMillis());
      assertThat(answeredSince()).as("who answered in turn").containsExactly(standby);
      trio.barrier(standby);
      trio.assertSame();
    } catch (AssertionError e) {
      throw trio.withLogs(e);
    }
  }

  @Test
  void allThreeAreStartedAgainAtOnce() throws Exception {
    try {
      trio.barrier(primary);
      for (String node : Trio.NODES) {
        trio.agent(node).kill();
      }
      for (String node : Trio.NODES) {
        trio.agent(node).start();
      }
      await("a primary", LIMIT, () -> !trio.primaryOf(Trio.DATA_NODES).isEmpty());
      String now = trio.primaryOf(Trio.DATA_NODES);
      assertAnswersNow(now);
      trio.awaitPromotable(now, Trio.DATA_NODES.get(1 - Trio.DATA_NODES.indexOf(now)));
      assertThat(answeredSince()).as("who answered in turn").hasSizeLessThanOrEqualTo(1);
      trio.barrier(now);
      trio.assertSame();
    } catch (AssertionError e) {
      throw trio.withLogs(e);
    }
  }

  @Test
  @Tag("long")
  void linksThatComeAndGoMoveThePrimaryOnceAtMost() throws Exception {
    try {
      long until = System.nanoTime() + Duration.ofMinutes(1).toNanos();
      while (System.nanoTime() < until) {
        network.cutBothWays(primary, standby);
        network.cutBothWays(primary, WITNESS);
        Thread.sleep(100);
        network.healBothWays(primary, standby);
        network.healBothWays(primary, WITNESS);
        Thread.sleep(100);
      }
      await("a primary", LIMIT, () -> !trio.primaryOf(Trio.DATA_NODES).isEmpty());
      assertThat(answeredSince()).as("who answered in turn").hasSizeLessThanOrEqualTo(1);
    } catch (AssertionError e) {
      throw trio.withLogs(e);
    }
  }
}

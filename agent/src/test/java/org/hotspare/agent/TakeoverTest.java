package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.admin.Answer;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.RoleOrder;
import org.hotspare.testing.Background;
import org.hotspare.testing.Command;
import org.hotspare.testing.Network;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients of a service address reach the service wherever the primary is. */
final class TakeoverTest {
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String ADDRESS = "10.77.0.100";
  private static final int PORT = 8080;

  @TempDir Path base;
  private Network network;
  private Trio trio;
  private @Nullable Background client;

  @BeforeEach
  void start() throws Exception {
    network = Network.of("alpha", "beta", "gamma", "client");
    trio = Trio.make(base, LEASE, network, takeover());
    try {
      trio.start();
      trio.awaitReady();
    } catch (AssertionError e) {
      throw trio.withLogs(e);
    }
    List<String> asking = new ArrayList<>(network.on("client"));
    asking.addAll(Command.script("who_answers", PORT, ADDRESS));
    client = new Background(asking);
  }

  /** The service tells who it is; it has no idea of roles. */
  private String takeover() throws IOException {
    Path start = base.resolve("start");
    Files.writeString(
        start,
        String.join(" ", Command.script("answer", PORT, "$HOTSPARE_NODE"))
            + " </dev/null >/dev/null 2>&1 &\necho $! >%s/$HOTSPARE_NODE.pid\n".formatted(base));
    String stop = "kill $(cat %s/$HOTSPARE_NODE.pid)".formatted(base);
    return """
        takeover:
          interface: eth0
          addresses: [%s/24]
          services: [{start: '/bin/sh %s', stop: '%s'}]
        """
        .formatted(ADDRESS, start, stop);
  }

  @AfterEach
  void end() {
    if (client != null) {
      client.close();
    }
    trio.close();
    network.close();
  }

  private List<String> answers() {
    return client == null ? List.of() : client.output().lines().toList();
  }

  private void awaitAnswer(String name) throws InterruptedException {
    await(
        "an answer of " + name,
        LIMIT,
        () -> !answers().isEmpty() && answers().getLast().endsWith(" " + name));
  }

  /** A client that asks for the first time. */
  private void assertAnswersNow(String name) throws InterruptedException {
    List<String> asking = new ArrayList<>(network.on("client"));
    asking.addAll(Command.script("who_answers", PORT, ADDRESS));
    try (Background another = new Background(asking)) {
      await("an answer", LIMIT, () -> !another.output().isEmpty());
      assertThat(another.output().strip()).endsWith(" " + name);
    }
  }

  private boolean hasAddress(String node) {
    return network.run(node, "ip", "address", "show", "dev", "eth0").output().contains(ADDRESS);
  }

  private boolean handsOverToAlpha() {
    return order("beta", new RoleOrder.Switchover("alpha")) == Outcome.DONE;
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
    try {
      awaitAnswer("alpha");
      assertThat(hasAddress("alpha")).isTrue();
      assertThat(hasAddress("beta")).isFalse();
      // Its service goes on, with nobody there who could stop it.
      trio.agent("alpha").kill();
      awaitAnswer("beta");
      trio.agent("alpha").start();
      trio.awaitPromotable("beta", "alpha");
      await("alpha's address is gone", LIMIT, () -> !hasAddress("alpha"));
      // A standby that comes back may leave the promotable set once more before it has everything.
      await("handed over", LIMIT, this::handsOverToAlpha);
      awaitAnswer("alpha");
      System.out.println("TakeoverTest: milliseconds without an answer before " + answers());
      assertThat(answers().stream().map(line -> line.substring(line.indexOf(' ') + 1)).toList())
          .containsExactly("alpha", "beta", "alpha");
    } catch (AssertionError e) {
      throw trio.withLogs(e);
    }
  }

  /** As while the agents are replaced by newer ones. */
  @Test
  void whileHandsAreOffNothingMovesWhateverBecomesOfTheAgents() throws Exception {
    try {
      awaitAnswer("alpha");
      assertThat(order("alpha", new RoleOrder.Pause("upgrade", 0))).isEqualTo(Outcome.DONE);
      for (boolean cleanly : List.of(true, false)) {
        for (String node : Trio.NODES) {
          if (cleanly) {
            trio.agent(node).stop();
          } else {
            trio.agent(node).kill();
          }
        }
        // Longer than lease, address and gate would last.
        Thread.sleep(4 * LEASE.toMillis());
        assertThat(hasAddress("alpha")).as("alpha has the address").isTrue();
        assertAnswersNow("alpha");
        for (String node : Trio.NODES) {
          trio.agent(node).start();
        }
        trio.awaitPromotable("alpha", "beta");
        Thread.sleep(4 * LEASE.toMillis());
        assertThat(hasAddress("alpha")).as("alpha has the address").isTrue();
        assertThat(trio.primaryOf(Trio.DATA_NODES)).isEqualTo("alpha");
      }
      assertThat(order("alpha", new RoleOrder.Resume())).isEqualTo(Outcome.DONE);
      trio.awaitPromotable("alpha", "beta");
      Thread.sleep(2 * LEASE.toMillis());
      assertAnswersNow("alpha");
      assertThat(answers()).as("who answered in turn").hasSize(1);
      trio.agent("alpha").kill();
      awaitAnswer("beta");
    } catch (AssertionError e) {
      throw trio.withLogs(e);
    }
  }
}

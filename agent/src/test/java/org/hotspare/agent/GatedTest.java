package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.testing.Background;
import org.hotspare.testing.Command;
import org.hotspare.testing.Network;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A service that runs on both data nodes all the time is reached by clients at the primary alone,
 * whatever becomes of the agents.
 */
final class GatedTest {
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int PORT = 8080;

  @TempDir Path base;
  private Network network;
  private Trio trio;
  private final List<Background> services = new ArrayList<>();
  private Background client;

  @BeforeEach
  void start() throws Exception {
    network = Network.of("alpha", "beta", "gamma", "client");
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

  @AfterEach
  void end() {
    client.close();
    services.forEach(Background::close);
    trio.close();
    network.close();
  }

  /** Who has answered the client so far, in turn. */
  private List<String> answered() {
    return client.output().lines().map(line -> line.substring(line.indexOf(' ') + 1)).toList();
  }

  @Test
  void clientsReachThePrimaryAloneWhateverBecomesOfTheAgents() throws Exception {
    try {
      // Before there was an agent both services could be reached.
      awaitLast("alpha");
      int before = answered().size();
      trio.agent("alpha").signal("STOP");
      awaitLast("beta");
      trio.awaitPrimary("beta");
      trio.agent("alpha").signal("CONT");
      trio.awaitPromotable("beta", "alpha");
      trio.agent("beta").kill();
      awaitLast("alpha");
      trio.agent("beta").start();
      trio.awaitPromotable("alpha", "beta");
      network.unplug("alpha");
      awaitLast("beta");
      network.plugIn("alpha");
      trio.awaitPromotable("beta", "alpha");
      List<String> changes = client.output().lines().skip(before).toList();
      System.out.println("GatedTest: milliseconds without an answer before " + changes);
      assertThat(answered().subList(before, answered().size()))
          .as("who answered in turn")
          .containsExactly("beta", "alpha", "beta");
    } catch (AssertionError e) {
      throw trio.withLogs(e);
    }
  }

  private void awaitLast(String name) throws InterruptedException {
    await(
        "an answer of " + name,
        LIMIT,
        () -> !answered().isEmpty() && answered().getLast().equals(name));
  }
}

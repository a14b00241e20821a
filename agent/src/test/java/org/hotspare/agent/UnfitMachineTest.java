package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.admin.Role;
import org.hotspare.testing.Command;
import org.hotspare.testing.Network;
import org.hotspare.wire.Certificates;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine that cannot have what the configuration asks for says what it lacks. */
@Tag("long")
final class UnfitMachineTest {
  private static final String NODE = "alpha";

  @TempDir Path base;

  private Path state() {
    return base.resolve("state");
  }

  private AgentProcess agent(Network network, String networkInterface, List<String> before)
      throws IOException {
    Files.createDirectories(state());
    Files.createDirectories(base.resolve("tree"));
    Certificates own = Certificates.init(state().resolve("tls"), "test", NODE);
    assertThat(own.isFounder()).isTrue();
    String text =
        """
        cluster: test
        nodes:
          alpha: {address: "%s:7400"}
        lease: {duration: 1s}
        mirrors:
          www: {path: %s}
        takeover: {interface: %s, addresses: [%s/24]}
        state: %s
        """
            .formatted(
                network.address(NODE),
                base.resolve("tree"),
                networkInterface,
                Site.ADDRESS,
                state());
    List<String> all = new ArrayList<>(network.on(NODE));
    all.addAll(before);
    return new AgentProcess(NODE, base, text, state(), all);
  }

  private long events(String text) {
    try {
      return Files.readAllLines(state().resolve("events.jsonl")).stream()
          .filter(line -> line.contains(text))
          .count();
    } catch (IOException notYet) {
      return 0;
    }
  }

  @Test
  void withoutTheInterfaceItIsNoPrimaryAndSaysSo() throws Exception {
    try (Network network = Network.of(NODE);
        AgentProcess agent = agent(network, "eth9", List.of())) {
      agent.start();
      String failed = "the address could not be added: there is no network interface eth9";
      await("it says so", () -> events(failed) > 0);
      await("it says that it waits", () -> events("so it is not tried again for 5 min") > 0);
      assertThat(agent.client().status().role()).isNotEqualTo(Role.PRIMARY);
    }
  }

  @Test
  void withoutNftablesItDoesNotStartAndSaysWhy() throws Exception {
    try (Network network = Network.of(NODE);
        AgentProcess agent = agent(network, "eth0", Command.script("without_nftables"))) {
      agent.start();
      await("it ends", () -> !agent.isRunning());
      assertThat(agent.logSinceStart())
          .contains("the gate needs netfilter in the kernel (modprobe nfnetlink nf_tables): ");
      assertThat(network.run(NODE, "ip", "address").output()).doesNotContain(Site.ADDRESS);
    }
  }
}

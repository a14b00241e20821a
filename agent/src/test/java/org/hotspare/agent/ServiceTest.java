package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.hotspare.testing.Background;
import org.hotspare.testing.Command;
import org.hotspare.testing.FreePorts;
import org.hotspare.wire.Certificates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An agent that a service manager has started. */
final class ServiceTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path base;

  @Test
  void theServiceManagerIsToldWhenItIsReadyAndWhenItStops() throws Exception {
    Path state = Files.createDirectory(base.resolve("state"));
    Path tree = Files.createDirectory(base.resolve("tree"));
    List<Integer> ports = FreePorts.take(2);
    String text =
        """
        cluster: test
        nodes: {alpha: {address: 127.0.0.1:%d}, beta: {address: 127.0.0.1:%d}}
        primary: alpha
        mirrors: {www: {path: %s}}
        state: %s
        """
            .formatted(ports.getFirst(), ports.getLast(), tree, state);
    assertThat(Certificates.init(state.resolve("tls"), "test", "alpha").node()).isEqualTo("alpha");
    String socket = base.resolve("notify").toString();
    List<String> told = List.of("env", "NOTIFY_SOCKET=" + socket);
    try (Background manager = new Background(Command.script("notified", socket));
        AgentProcess agent = new AgentProcess("alpha", base, text, state, told)) {
      await("it listens", LIMIT, () -> manager.output().contains("listening"));
      agent.start();
      await("it is ready", LIMIT, () -> manager.output().contains("READY=1"));
      assertThat(agent.mirror()).as("answers").isNotNull();
      agent.stop();
      assertThat(manager.lines()).containsExactly("listening", "READY=1", "STOPPING=1");
    }
  }
}

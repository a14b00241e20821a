package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.hotspare.admin.Status;
import org.hotspare.config.Configuration;
import org.hotspare.testing.FreePorts;
import org.hotspare.wire.Certificates;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that is its whole cluster, and whose service is out of order. */
final class TroubledServiceTest {
  @TempDir Path base;
  private Configuration configuration;

  /** A line for each time that the service was started, and stopped. */
  private Path starts;

  private Path stops;

  @BeforeEach
  void make() throws Exception {
    starts = base.resolve("starts");
    stops = base.resolve("stops");
    Path state = base.resolve("state");
    Path file = base.resolve("hotspare.yaml");
    Files.createDirectories(state);
    Files.createDirectories(base.resolve("tree"));
    Files.writeString(
        file,
        """
        cluster: test
        nodes:
          alpha: {address: 127.0.0.1:%d}
        lease: {duration: 1s}
        mirrors:
          www: {path: %s}
        state: %s
        takeover:
          services: [{start: 'echo start >>%s; exit 1', stop: '%s'}]
        """
            .formatted(FreePorts.take(1).getFirst(), base.resolve("tree"), state, starts, stop()));
    configuration = Configuration.load(file);
    Certificates own = Certificates.init(Agent.tlsDirectory(configuration), "test", "alpha");
    assertThat(own.isFounder()).isTrue();
  }

  /** Fails twice, and succeeds then. */
  private String stop() throws IOException {
    Path script = base.resolve("stop");
    Files.writeString(script, "echo stop >>%s\ntest $(wc -l <%s) -gt 2\n".formatted(stops, stops));
    return "/bin/sh " + script;
  }

  private Agent start() throws Exception {
    return Agent.start(configuration, configuration.node("alpha"));
  }

  private static List<String> lines(Path file) {
    try {
      return Files.exists(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private long events(String text) {
    return lines(configuration.state().resolve("events.jsonl")).stream()
        .filter(line -> line.contains(text))
        .count();
  }

  private void awaitEvent(String text) throws InterruptedException {
    await(text, () -> events(text) > 0);
  }

  private static List<Status.CheckStatus> troubles(Agent agent) {
    return new AgentOperations(agent)
        .status().checks().stream().filter(check -> !check.passing()).toList();
  }

  @Test
  void aServiceThatCannotBeStoppedIsStoppedAgainUntilItIs() throws Exception {
    try (Agent agent = start()) {
      awaitEvent("the services could not be stopped, which is tried again: ");
      await("status says so", () -> !troubles(agent).isEmpty());
      assertThat(troubles(agent).getFirst().name()).isEqualTo("services");
      assertThat(troubles(agent).getFirst().detail())
          .contains(" to stop them failed, tried again: ");
      awaitEvent("the services are stopped now, after 2 attempts that failed");
      assertThat(troubles(agent)).isEmpty();
      assertThat(lines(stops)).hasSize(3);
    }
    assertThat(lines(stops)).as("what is stopped is not stopped once more").hasSize(3);
  }

  @Test
  void aPromotionThatFailedIsNotTriedAgainAtOnceByAnAgentThatIsStartedAgain() throws Exception {
    String failed = "the services did not start: ";
    try (Agent _ = start()) {
      awaitEvent(failed);
    }
    assertThat(lines(starts)).hasSize(1);
    long before = events("so it is not tried again for 5 min");
    try (Agent _ = start()) {
      await(
          "it says why it does not stand",
          () -> events("so it is not tried again for 5 min") > before);
    }
    assertThat(lines(starts)).hasSize(1);
  }
}

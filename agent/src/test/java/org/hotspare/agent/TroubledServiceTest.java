package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

  /** A line for each time that the service was started. */
  private Path starts;

  @BeforeEach
  void make() throws Exception {
    starts = base.resolve("starts");
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
          services: [{start: 'echo start >>%s; exit 1', stop: 'true'}]
        """
            .formatted(FreePorts.take(1).getFirst(), base.resolve("tree"), state, starts));
    configuration = Configuration.load(file);
    Certificates own = Certificates.init(Agent.tlsDirectory(configuration), "test", "alpha");
    assertThat(own.isFounder()).isTrue();
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

package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Role;
import org.hotspare.admin.Status;
import org.hotspare.testing.FreePorts;
import org.hotspare.testing.Judge;
import org.hotspare.wire.Certificates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes without a third: what the fence says decides whether one takes over. */
@Tag("long")
final class FencedPairTest {
  private static final long LEASE_MILLIS = 2000;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path base;

  private AgentProcess alpha;
  private AgentProcess beta;

  /** What the fence does; it notes each question. */
  private Path fence;

  private Path asked;

  @BeforeEach
  void start() throws Exception {
    fence = base.resolve("fence.sh");
    asked = base.resolve("asked");
    Files.writeString(fence, "exit 1\n");
    List<Integer> ports = FreePorts.take(2);
    alpha = agent("alpha", ports);
    beta = agent("beta", ports);
    assertThat(Certificates.init(tls("alpha"), "test", "alpha").isFounder()).isTrue();
    alpha.start();
    await("alpha runs", () -> alpha.says("started as"));
    beta.run(Joining.class, alpha.client().invite("beta").token(), tls("beta").toString());
    beta.start();
    await("beta may take over", () -> mayTakeOver(alpha, "beta"));
  }

  private AgentProcess agent(String node, List<Integer> ports) throws IOException {
    Files.createDirectories(base.resolve(node).resolve("state"));
    Files.createDirectories(tree(node));
    String text =
        """
        cluster: test
        nodes:
          alpha: {address: 127.0.0.1:%d}
          beta: {address: 127.0.0.1:%d, paths: {www: %s}}
        lease: {duration: %dms}
        mirrors:
          www: {path: %s}
        state: %s
        fence:
          command: 'echo "$HOTSPARE_NODE fences $HOTSPARE_FENCED" >>%s; . %s'
          timeout: 2s
        """
            .formatted(
                ports.get(0),
                ports.get(1),
                tree("beta"),
                LEASE_MILLIS,
                tree("alpha"),
                base.resolve(node).resolve("state"),
                asked,
                fence);
    return new AgentProcess(node, base, text, base.resolve(node).resolve("state"));
  }

  private Path tree(String node) {
    return base.resolve(node).resolve("tree");
  }

  private Path tls(String node) {
    return base.resolve(node).resolve("state").resolve("tls");
  }

  @AfterEach
  void end() {
    alpha.close();
    beta.close();
  }

  private static boolean mayTakeOver(AgentProcess primary, String standby) {
    try {
      Status status = primary.client().status();
      return status.role() == Role.PRIMARY
          && Objects.requireNonNull(status.lease()).promotable().contains(standby);
    } catch (CommandFailure notYet) {
      return false;
    }
  }

  private static boolean isPrimary(AgentProcess agent) {
    try {
      return agent.client().status().role() == Role.PRIMARY;
    } catch (CommandFailure notYet) {
      return false;
    }
  }

  private long questions() throws IOException {
    return Files.exists(asked) ? Files.readAllLines(asked).size() : 0;
  }

  @Test
  void onlyWhoIsConfirmedToBeOffIsReplacedAndItJoinsAgain() throws Exception {
    Files.writeString(tree("alpha").resolve("file"), "of alpha");
    assertThat(alpha.client().waitForStandbys(LIMIT).durable()).isTrue();
    alpha.kill();
    for (String doubtful : List.of("exit 1\n", "sleep 600\n")) {
      Files.writeString(fence, doubtful);
      long before = questions();
      await("it is asked again", () -> hasAsked(before + 1));
      Thread.sleep(2 * LEASE_MILLIS);
      assertThat(isPrimary(beta)).as(doubtful).isFalse();
    }
    Files.writeString(fence, "exit 0\n");
    await("beta is primary", () -> isPrimary(beta));
    assertThat(Files.readAllLines(asked)).containsOnly("beta fences alpha");
    Files.writeString(tree("beta").resolve("file"), "of beta");

    Files.writeString(fence, "exit 1\n");
    alpha.start();
    await("alpha may take over", () -> mayTakeOver(beta, "alpha"));
    await("both decide", () -> lease(beta).alone() == null);
    assertThat(beta.client().waitForStandbys(LIMIT).durable()).isTrue();
    Judge.assertSameTree(tree("alpha"), tree("beta"), LIMIT);
    assertThat(isPrimary(alpha)).isFalse();
  }

  private static Status.LeaseStatus lease(AgentProcess agent) {
    try {
      return Objects.requireNonNull(agent.client().status().lease());
    } catch (CommandFailure e) {
      throw new AssertionError(e);
    }
  }

  private boolean hasAsked(long times) {
    try {
      return questions() >= times;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}

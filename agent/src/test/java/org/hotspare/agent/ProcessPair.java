package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.MirrorStatus;
import org.hotspare.admin.StandbyStatus;
import org.hotspare.admin.WaitResult;
import org.hotspare.testing.FreePorts;
import org.hotspare.testing.Judge;
import org.hotspare.wire.Admission;
import org.hotspare.wire.Certificates;
import org.hotspare.wire.JoinToken;

/**
 * A primary and a standby as two processes, so that either can be killed. Like {@link TestPair},
 * but what it asks it asks through the agents' local sockets.
 */
final class ProcessPair implements AutoCloseable {
  private final TestPair.Side alphaSide;
  private final TestPair.Side betaSide;
  private final AgentProcess alpha;
  private final AgentProcess beta;

  private ProcessPair(TestPair.Side alphaSide, TestPair.Side betaSide, Path home)
      throws IOException {
    this.alphaSide = alphaSide;
    this.betaSide = betaSide;
    this.alpha = process(alphaSide, home);
    this.beta = process(betaSide, home);
  }

  private static AgentProcess process(TestPair.Side side, Path home) throws IOException {
    return new AgentProcess(side.name, home, side.configuration.text(), side.state);
  }

  /**
   * Makes the pair; nothing runs yet.
   *
   * @param base below it {@code alpha} and {@code beta} hold a tree and a state directory each;
   *     each may be a filesystem of its own
   */
  static ProcessPair make(Path base, String extra) throws IOException {
    List<Integer> ports = FreePorts.take(2);
    Path alphaTree = base.resolve("alpha/tree");
    String ofBeta = ", paths: {www: %s}".formatted(base.resolve("beta/tree"));
    TestPair.Side alpha = TestPair.side(base, "alpha", alphaTree, ports, ofBeta, "", extra);
    TestPair.Side beta = TestPair.side(base, "beta", alphaTree, ports, ofBeta, "", extra);
    Files.createDirectories(alpha.tree);
    Files.createDirectories(beta.tree);
    Certificates own = Certificates.init(Agent.tlsDirectory(alpha.configuration), "test", "alpha");
    assertThat(own.node()).isEqualTo("alpha");
    return new ProcessPair(alpha, beta, base);
  }

  /** Starts both and has the standby join. */
  ProcessPair start() throws Exception {
    alpha.start();
    alpha.awaitAnswer();
    JoinToken token = JoinToken.parse(alpha.client().invite("beta").token());
    Admission.join(token, Agent.tlsDirectory(betaSide.configuration), "test");
    beta.start();
    beta.awaitAnswer();
    return this;
  }

  AgentProcess alpha() {
    return alpha;
  }

  AgentProcess beta() {
    return beta;
  }

  Path alphaTree() {
    return alphaSide.tree;
  }

  Path betaTree() {
    return betaSide.tree;
  }

  /** Where the standby keeps what is not in its tree. */
  Path betaWork() {
    return betaSide.tree.resolveSibling(".hotspare").resolve("www");
  }

  Path betaMirrorState() {
    return betaSide.state.resolve("mirrors");
  }

  /** Whether the primary sees its standby. */
  boolean isConnected() {
    MirrorStatus status = alpha.mirror();
    return status != null && status.standbys().stream().anyMatch(StandbyStatus::connected);
  }

  /** A failure with what both agents logged last. */
  AssertionError withLogs(AssertionError e) {
    return new AssertionError(
        e.getMessage() + "\n" + alpha.recentLog() + "\n" + beta.recentLog(), e);
  }

  /** Waits for the barrier, and then holds that both trees are equal. */
  void assertSame() {
    long deadline = System.nanoTime() + TestPair.LIMIT.toNanos();
    String missing = "not asked";
    boolean durable = false;
    while (!durable && System.nanoTime() < deadline) {
      try {
        WaitResult result = alpha.client().waitForStandbys(TestPair.LIMIT);
        durable = result.durable();
        missing = result.missing().toString();
      } catch (CommandFailure e) {
        missing = String.valueOf(e.getMessage());
      }
    }
    assertThat(durable).as("barrier: %s", missing).isTrue();
    Judge.assertSameTree(alphaSide.tree, betaSide.tree, TestPair.LIMIT);
  }

  @Override
  public void close() {
    beta.close();
    alpha.close();
  }
}

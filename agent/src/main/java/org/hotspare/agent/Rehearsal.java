package org.hotspare.agent;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.hotspare.admin.MirrorState;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.Role;
import org.hotspare.admin.RoleOrder;
import org.hotspare.admin.Version;
import org.hotspare.admin.WrongRequest;
import org.hotspare.config.Configuration;
import org.hotspare.config.ConfigurationException;
import org.hotspare.wire.Admission;
import org.hotspare.wire.Certificates;

/**
 * Goes once through what commands and agents do: a small cluster, in this process, mirrors a few
 * files, and its primary hands over. The build runs it to learn which classes they load, and keeps
 * them ready: an agent then starts with little more than half of the processor's time.
 */
final class Rehearsal {
  private static final List<String> NODES = List.of("alpha", "beta", "gamma");
  private static final int FILES = 300;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final Path base;

  private Rehearsal(Path base) {
    this.base = base;
  }

  public static void main(String[] unused) throws Exception {
    org.hotspare.cli.Rehearsal.commands();
    Path base = Files.createTempDirectory("hotspare-rehearsal");
    try {
      new Rehearsal(base).cluster();
    } finally {
      Trial.removeTree(base);
    }
  }

  private void cluster()
      throws IOException, ConfigurationException, WrongRequest, InterruptedException {
    List<Configuration> configurations = new ArrayList<>();
    List<Integer> ports = Trial.freePorts(NODES.size());
    for (String node : NODES) {
      configurations.add(configuration(node, ports));
    }
    Path tree = Files.createDirectories(base.resolve("alpha/tree"));
    Files.createDirectories(base.resolve("beta/tree"));
    for (int i = 0; i < FILES; i++) {
      Files.writeString(tree.resolve("file-" + i), "content of file " + i);
    }
    Certificates.init(Agent.tlsDirectory(configurations.getFirst()), "rehearsal", "alpha");
    Deque<Agent> agents = new ArrayDeque<>();
    try {
      for (int i = 0; i < NODES.size(); i++) {
        if (i > 0) {
          join(agents.getLast(), configurations.get(i), NODES.get(i), ports.getFirst());
        }
        Configuration configuration = configurations.get(i);
        agents.push(Agent.start(configuration, configuration.node(NODES.get(i))));
      }
      AgentOperations first = new AgentOperations(agents.getLast());
      follow(first, tree);
      handOver(first);
    } finally {
      for (Agent agent : agents) {
        agent.close();
      }
    }
  }

  private Configuration configuration(String node, List<Integer> ports)
      throws IOException, ConfigurationException {
    String text =
        """
        cluster: rehearsal
        nodes:
          alpha: {address: "127.0.0.1:%d"}
          beta: {address: "127.0.0.1:%d", paths: {tree: "%s/beta/tree"}}
          gamma: {address: "127.0.0.1:%d", witness: true}
        lease: {duration: 2s}
        mirrors: {tree: {path: "%s/alpha/tree"}}
        state: "%s/%s/state"
        """
            .formatted(ports.get(0), ports.get(1), base, ports.get(2), base, base, node);
    Path file = base.resolve(node + ".yaml");
    Files.writeString(file, text);
    Configuration configuration = Configuration.parse(text, file);
    LocalRunner.prepareState(configuration);
    return configuration;
  }

  private static void join(Agent first, Configuration configuration, String node, int port)
      throws IOException {
    var address = InetSocketAddress.createUnresolved("127.0.0.1", port);
    var token = first.admission().invite(node, true, List.of(address), LIMIT);
    Admission.join(token, Agent.tlsDirectory(configuration), Version.current());
  }

  /** Until the copy is complete and a change has reached it. */
  private static void follow(AgentOperations primary, Path tree)
      throws IOException, WrongRequest, InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!isPrimaryInSync(primary)) {
      if (System.nanoTime() > end) {
        throw new IOException("the cluster did not come up within " + LIMIT);
      }
      Thread.sleep(50);
    }
    for (int i = 0; i < FILES; i++) {
      Files.writeString(tree.resolve("file-" + i), "changed content of file " + i);
    }
    Files.move(tree.resolve("file-0"), tree.resolve("moved"));
    Files.delete(tree.resolve("file-1"));
    primary.waitForStandbys(LIMIT);
  }

  /** For which clients wait when it happens in earnest. */
  private static void handOver(AgentOperations primary)
      throws IOException, WrongRequest, InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (primary.status().role() == Role.PRIMARY
        && primary.changeRoles(new RoleOrder.Switchover("")).outcome() != Outcome.DONE) {
      if (System.nanoTime() > end) {
        throw new IOException("nothing was handed over within " + LIMIT);
      }
      Thread.sleep(50);
    }
  }

  private static boolean isPrimaryInSync(AgentOperations node) {
    var status = node.status();
    return status.role() == Role.PRIMARY
        && status.mirrors().stream()
            .anyMatch(
                mirror ->
                    mirror.state() == MirrorState.IN_SYNC
                        && mirror.standbys().stream().anyMatch(standby -> standby.connected()));
  }
}

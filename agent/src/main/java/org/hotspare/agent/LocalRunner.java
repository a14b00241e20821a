package org.hotspare.agent;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.hotspare.admin.Answer;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.Version;
import org.hotspare.cli.AgentRunner;
import org.hotspare.cli.Finding;
import org.hotspare.config.Configuration;
import org.hotspare.config.ConfigurationException;
import org.hotspare.config.Node;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.ServiceManager;
import org.hotspare.watch.WorkDirectories;
import org.hotspare.wire.Admission;
import org.hotspare.wire.Certificates;
import org.hotspare.wire.IdentityException;
import org.hotspare.wire.JoinToken;
import org.hotspare.wire.RefusedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the commands need of the whole program, done on this machine. */
final class LocalRunner implements AgentRunner {
  private static final Logger LOG = LoggerFactory.getLogger(LocalRunner.class);

  @Override
  public Outcome run(Configuration configuration, Node node)
      throws CommandFailure, InterruptedException {
    // Before it starts: until then the signal would end the process.
    CompletableFuture<Agent> started = new CompletableFuture<>();
    HangUp.handle(
        () -> {
          var _ = started.thenAccept(Agent::reload);
        });
    Agent agent;
    try {
      agent = Agent.start(configuration, node);
    } catch (IOException e) {
      throw new CommandFailure(Outcome.NO, String.valueOf(e.getMessage()));
    }
    started.complete(agent);
    CountDownLatch stopped = new CountDownLatch(1);
    Thread stopping =
        Thread.ofPlatform()
            .name("stop")
            .unstarted(
                () -> {
                  tellServiceManager("STOPPING=1");
                  stop(agent);
                  stopped.countDown();
                });
    Runtime.getRuntime().addShutdownHook(stopping);
    tellServiceManager("READY=1");
    stopped.await();
    return Outcome.DONE;
  }

  /** Where systemd, or one that does as it does, has started this process. */
  private static void tellServiceManager(String state) {
    String socket = System.getenv("NOTIFY_SOCKET");
    if (socket == null || socket.isEmpty()) {
      return;
    }
    try {
      ServiceManager.tell(socket, state);
    } catch (LinuxException | IllegalArgumentException e) {
      LOG.warn("the service manager cannot be told \"{}\": {}", state, e.getMessage());
    }
  }

  private static void stop(Agent agent) {
    try {
      agent.close();
    } catch (IOException e) {
      LOG.error("not stopped cleanly", e);
    }
  }

  @Override
  public Outcome tryOut(@Nullable Path directory, boolean inPlace, Path where, PrintWriter out)
      throws CommandFailure, InterruptedException {
    return new Trial(where, out).run(directory, inPlace);
  }

  @Override
  public Outcome drill(@Nullable Path directory, boolean inPlace, Path where, PrintWriter out)
      throws CommandFailure, InterruptedException {
    return new Trial(where, out).drill(directory, inPlace);
  }

  @Override
  public Answer removeTrial(Path where) throws CommandFailure {
    return Trial.remove(where);
  }

  @Override
  public Answer init(Configuration configuration, Node node) throws CommandFailure {
    Path directory = Agent.tlsDirectory(configuration);
    try {
      prepareState(configuration);
      Certificates made =
          Certificates.init(directory, configuration.cluster(), node.name(), node.hosts());
      return Answer.done(
          "Cluster %s is made; this is its node %s, with a certificate until %s."
              .formatted(made.cluster(), made.node(), made.validUntil()),
          "Next: hotspare run, and on this machine hotspare invite NODE for each other node.");
    } catch (IOException e) {
      throw new CommandFailure(Outcome.NO, String.valueOf(e.getMessage()));
    }
  }

  static void prepareState(Configuration configuration) throws IOException {
    Path state = configuration.state();
    Files.createDirectories(state.toAbsolutePath().getParent());
    WorkDirectories.createPrivate(state);
  }

  @Override
  public Answer join(String token, Path file) throws CommandFailure {
    try {
      JoinToken parsed = JoinToken.parse(token);
      // The certificates belong into the state directory, which only the configuration names.
      Path parent = file.toAbsolutePath().getParent();
      Files.createDirectories(parent);
      Path staged = Files.createTempDirectory(parent, ".join");
      try {
        return join(parsed, file, staged);
      } finally {
        Trial.removeTree(staged);
      }
    } catch (IdentityException | RefusedException e) {
      throw new CommandFailure(Outcome.REFUSED, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw new CommandFailure(Outcome.NO, String.valueOf(e.getMessage()));
    } catch (ConfigurationException e) {
      throw new CommandFailure(Outcome.WRONG, String.valueOf(e.getMessage()));
    }
  }

  private static Answer join(JoinToken token, Path file, Path staged)
      throws IOException, ConfigurationException {
    Path tls = staged.resolve("tls");
    Admission.Admitted admitted = Admission.join(token, tls, Version.current());
    String text = new String(admitted.configuration().array(), StandardCharsets.UTF_8);
    Configuration configuration = Configuration.parse(text, file);
    prepareState(configuration);
    Path own = Agent.tlsDirectory(configuration);
    if (Files.exists(own)) {
      throw new IOException(own + " is there already: this machine is a node of a cluster");
    }
    copyPrivate(tls, own);
    Path written = staged.resolve("configuration");
    Files.writeString(written, text);
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
    return Answer.done(
        "This machine is node %s of cluster %s; the configuration is %s."
            .formatted(token.node(), token.cluster(), file),
        "Next: hotspare run --config %s --node %s".formatted(file, token.node()));
  }

  /**
   * Copies the files of a directory into a new one, since they may lie on different filesystems.
   */
  private static void copyPrivate(Path from, Path to) throws IOException {
    WorkDirectories.createPrivate(to);
    try (var files = Files.list(from)) {
      for (Path source : files.toList()) {
        Files.copy(source, to.resolve(source.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  @Override
  public List<Finding> examine(
      @Nullable Configuration configuration, @Nullable Node node, boolean all) {
    return new Doctor(configuration, node).examine(all);
  }
}

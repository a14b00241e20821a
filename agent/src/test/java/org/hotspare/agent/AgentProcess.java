package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.hotspare.admin.AdminClient;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.MirrorStatus;
import org.hotspare.testing.Command;
import org.hotspare.testing.JavaProgram;
import org.jspecify.annotations.Nullable;

/** One node's agent as a process of its own, which a test may kill at any moment. */
final class AgentProcess implements AutoCloseable {
  private final String node;
  private final List<String> before;
  private final Path configuration;
  private final Path log;
  private final AdminClient client;
  private @Nullable Process process;

  /** How long the log was when the process started that runs now. */
  private long logStart;

  /**
   * @param home where its configuration and its log are written
   */
  AgentProcess(String node, Path home, String configurationText, Path state) throws IOException {
    this(node, home, configurationText, state, List.of());
  }

  /**
   * @param before what is put before the command, such as what enters a namespace and becomes the
   *     command then
   */
  AgentProcess(String node, Path home, String configurationText, Path state, List<String> before)
      throws IOException {
    this.node = node;
    this.before = before;
    this.configuration = home.resolve(node + ".yaml");
    this.log = home.resolve(node + ".log");
    this.client = new AdminClient(state);
    Files.writeString(configuration, configurationText);
    Files.writeString(log, "");
  }

  AdminClient client() {
    return client;
  }

  /** Starts it and returns at once. */
  void start() throws IOException {
    logStart = Files.size(log);
    List<String> command = new ArrayList<>(before);
    command.addAll(PackedAgent.command("-Xmx400m"));
    command.addAll(List.of("run", "--config", configuration.toString(), "--node", node));
    process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .redirectErrorStream(true)
            .start();
  }

  /** Runs a program as its machine's to its end. */
  void run(Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>(before);
    command.addAll(JavaProgram.command(main, arguments));
    Command.succeed(command);
  }

  /** Waits until its socket answers. */
  void awaitAnswer() throws InterruptedException {
    TestPair.await(node + " answers", () -> mirror() != null);
  }

  /** What it says of its mirror; null while it does not answer. */
  @Nullable MirrorStatus mirror() {
    requireNotFailed();
    try {
      List<MirrorStatus> mirrors = client.status().mirrors();
      return mirrors.isEmpty() ? null : mirrors.getFirst();
    } catch (CommandFailure notYet) {
      return null;
    }
  }

  private void requireNotFailed() {
    Process running = process;
    assertThat(running == null || running.isAlive())
        .as("%s ended by itself: %s", node, recentLog())
        .isTrue();
  }

  /** After a test that may have failed half-way. */
  void startIfEnded() throws IOException {
    if (!isRunning()) {
      start();
    } else {
      signal("CONT");
    }
  }

  boolean isRunning() {
    Process running = process;
    return running != null && running.isAlive();
  }

  /** SIGSTOP, or SIGCONT. */
  void signal(String name) {
    Process running = Objects.requireNonNull(process);
    Command.succeed(List.of("kill", "-" + name, String.valueOf(running.pid())));
  }

  /** SIGKILL. Returns when the process is gone. */
  void kill() throws InterruptedException {
    Process running = process;
    process = null;
    if (running != null) {
      running.destroyForcibly();
      assertThat(running.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** SIGTERM. Returns when the process is gone. */
  void stop() throws InterruptedException {
    Process running = process;
    process = null;
    if (running != null) {
      running.destroy();
      boolean ended = running.waitFor(60, TimeUnit.SECONDS);
      running.destroyForcibly();
      assertThat(ended).as("%s stops on SIGTERM: %s", node, recentLog()).isTrue();
    }
  }

  /** Whether the process that runs now has logged that. */
  boolean says(String text) {
    requireNotFailed();
    return logSinceStart().contains(text);
  }

  /** What the process that runs now, or ran last, has logged. */
  String logSinceStart() {
    try {
      byte[] all = Files.readAllBytes(log);
      return new String(
          Arrays.copyOfRange(all, Math.toIntExact(logStart), all.length), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "no log: " + e;
    }
  }

  /** The end of its log, for messages. */
  String recentLog() {
    try {
      String all = Files.readString(log);
      return node + ":\n" + all.substring(Math.max(0, all.length() - 6000));
    } catch (IOException e) {
      return "no log: " + e;
    }
  }

  @Override
  public void close() {
    try {
      kill();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

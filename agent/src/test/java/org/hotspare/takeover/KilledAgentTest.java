package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.hotspare.takeover.ServiceReport.Outcome;
import org.hotspare.takeover.ServiceReport.Step;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of services and hooks whose agent is killed, and of them with the next one. */
class KilledAgentTest {
  @TempDir Path directory;

  private final List<Process> agents = new ArrayList<>();
  private @Nullable TestHost opened;

  @BeforeEach
  void begin() throws Exception {
    opened = TestHost.in(directory);
  }

  @AfterEach
  void end() throws Exception {
    agents.forEach(Process::destroyForcibly);
    host().close();
  }

  private TestHost host() {
    return Objects.requireNonNull(opened);
  }

  private Process agent(String... arguments) throws Exception {
    Process agent = TakeoverMain.start(arguments);
    agents.add(agent);
    return agent;
  }

  private Process agent(TestService service, String start, String status) throws Exception {
    return agent(
        "service",
        host().owner(),
        host().records().toString(),
        host().logs().toString(),
        start,
        service.stop(),
        status);
  }

  private Services services(TestService service, String start, String status) {
    return host()
        .services(
            TestService.service(
                start, service.stop(), status, Service.Where.PRIMARY, TestService.TIMEOUT));
  }

  @Test
  void aServiceOutlivesItsAgentAndIsNotStartedTwice() throws Exception {
    TestService service = host().service("web");
    Path go = directory.resolve("go");
    String program =
        "/bin/sh -c \"while ! test -e %s; do sleep 0.05; done; echo alive; exec %s\""
            .formatted(go, host().sleepers().command());
    String start = service.started(program);
    Process agent = agent(service, start, service.status());
    await("it runs", () -> Files.exists(service.pidFile()) && !read(service.pidFile()).isEmpty());
    TakeoverMain.kill(agent);

    ProcessHandle running =
        ProcessHandle.of(Long.parseLong(read(service.pidFile()).strip())).orElseThrow();
    assertThat(running.isAlive()).isTrue();
    assertThat(descriptors(running.pid())).containsExactly("0 /dev/null", "1 log", "2 log");
    // What it prints later does not kill it either.
    Files.createFile(go);
    host().sleepers().awaitSome(1);
    assertThat(read(host().log())).contains("alive");

    Services next = services(service, start, service.status());
    assertThat(next.becomePrimary().steps())
        .extracting(Step::outcome)
        .containsExactly(Outcome.UNCHANGED);
    assertThat(host().journal().lines()).containsExactly("start web");
    assertThat(next.becomeStandby().failure()).isEmpty();
    host().sleepers().awaitNone();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Those open, and what they are; the shell's of its script is not among them any more. */
  private List<String> descriptors(long pid) throws IOException {
    Path log = host().log().toRealPath();
    List<String> open = new ArrayList<>();
    try (Stream<Path> numbers = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path number : numbers.sorted().toList()) {
        Path target = Files.readSymbolicLink(number);
        open.add(number.getFileName() + " " + (target.equals(log) ? "log" : target));
      }
    }
    return open;
  }

  @Test
  void aStartThatIsUnderWayIsWaitedFor() throws Exception {
    TestService service = host().service("web");
    Path go = directory.resolve("go");
    String start =
        host().journal().write("begin")
            + "; while ! test -e %s; do sleep 0.05; done; ".formatted(go)
            + service.start();
    for (String status : List.of(service.status(), "")) {
      Process agent = agent(service, start, status);
      await("it begins", () -> host().journal().lines().contains("begin"));
      TakeoverMain.kill(agent);
      CompletableFuture<ServiceReport> report = new CompletableFuture<>();
      Thread next =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      report.complete(services(service, start, status).becomePrimary());
                    } catch (InterruptedException e) {
                      report.completeExceptionally(e);
                    }
                  });
      await("the next agent waits", () -> waits(next));
      Files.createFile(go);
      assertThat(report.get().steps()).extracting(Step::outcome).containsExactly(Outcome.UNCHANGED);
      assertThat(host().journal().lines()).containsExactly("begin", "start web");
      assertThat(services(service, start, status).becomeStandby().failure()).isEmpty();
      host().sleepers().awaitNone();
      Files.delete(go);
      Files.delete(host().journal().file());
      Files.deleteIfExists(service.pidFile());
    }
  }

  /** For a condition that did not hold when it was asked. */
  private static boolean waits(Thread thread) {
    StackTraceElement[] stack = thread.getStackTrace();
    return Stream.of(stack).anyMatch(frame -> frame.getMethodName().equals("sleep"))
        && Stream.of(stack)
            .anyMatch(frame -> frame.getClassName().equals(Deadline.class.getName()));
  }

  @Test
  void aHookOfAnAgentThatDiedIsKilledBeforeAnotherOneRuns() throws Exception {
    String stuck =
        "%1$s; setsid %2$s & %2$s"
            .formatted(host().journal().write("old"), host().sleepers().command());
    Process agent = agent("hook", host().owner(), stuck);
    host().sleepers().awaitSome(2);
    TakeoverMain.kill(agent);
    Hooks next =
        new Hooks(
            List.of(host().journal().write("new")),
            List.of(),
            Duration.ofMinutes(1),
            host().owner(),
            Map.of());
    assertThat(next.before(new RoleChange("web", "alpha", 8, "standby", "primary"))).isEmpty();
    assertThat(host().journal().lines()).containsExactly("old", "new");
    // In a session of its own: meant to stay.
    host().sleepers().awaitSome(1);
  }
}

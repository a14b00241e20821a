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
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.hotspare.takeover.ServiceReport.Outcome;
import org.hotspare.takeover.ServiceReport.Step;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of services and hooks whose agent is killed, and of them with the next one. */
class KilledAgentTest {
  @TempDir Path directory;

  private final Sleepers sleepers = new Sleepers();
  private final List<Process> agents = new ArrayList<>();
  private Journal journal = new Journal(Path.of(""));

  @BeforeEach
  void begin() {
    journal = Journal.in(directory);
  }

  @AfterEach
  void end() throws Exception {
    agents.forEach(Process::destroyForcibly);
    sleepers.close();
    TestGroups.remove("test@killed");
  }

  private Process agent(String... arguments) throws Exception {
    Process agent = TakeoverMain.start(arguments);
    agents.add(agent);
    return agent;
  }

  private Services services(TestService service, String start, String status) {
    return new Services(
        List.of(
            TestService.service(
                start, service.stop(), status, Service.Where.PRIMARY, TestService.TIMEOUT)),
        "test@killed",
        directory,
        Map.of());
  }

  @Test
  void aServiceOutlivesItsAgentAndIsNotStartedTwice() throws Exception {
    TestService service = new TestService("web", directory, journal, sleepers);
    Path go = directory.resolve("go");
    String program =
        "/bin/sh -c \"while ! test -e %s; do sleep 0.05; done; echo alive; exec %s\""
            .formatted(go, sleepers.command());
    String start = service.started(program);
    Process agent = agent("service", directory.toString(), start, service.stop(), service.status());
    await("it runs", () -> Files.exists(service.pidFile()) && !read(service.pidFile()).isEmpty());
    TakeoverMain.kill(agent);

    ProcessHandle running =
        ProcessHandle.of(Long.parseLong(read(service.pidFile()).strip())).orElseThrow();
    assertThat(running.isAlive()).isTrue();
    assertThat(descriptors(running.pid())).containsExactly("0 /dev/null", "1 log", "2 log");
    // What it prints later does not kill it either.
    Files.createFile(go);
    sleepers.awaitSome(1);
    assertThat(read(log())).contains("alive");

    Services next = services(service, start, service.status());
    assertThat(next.becomePrimary().steps())
        .extracting(Step::outcome)
        .containsExactly(Outcome.UNCHANGED);
    assertThat(journal.lines()).containsExactly("start web");
    assertThat(next.becomeStandby().failure()).isEmpty();
    sleepers.awaitNone();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path log() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.toString().endsWith(".log")).findFirst().orElseThrow();
    }
  }

  /** Those open, and what they are; the shell's of its script is not among them any more. */
  private List<String> descriptors(long pid) throws IOException {
    Path log = log();
    List<String> open = new ArrayList<>();
    try (Stream<Path> numbers = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path number : numbers.sorted().toList()) {
        Path target = Files.readSymbolicLink(number);
        open.add(number.getFileName() + " " + (target.equals(log.toRealPath()) ? "log" : target));
      }
    }
    return open;
  }

  @Test
  void aStartThatIsUnderWayIsWaitedFor() throws Exception {
    TestService service = new TestService("web", directory, journal, sleepers);
    Path go = directory.resolve("go");
    String start =
        journal.write("begin")
            + "; while ! test -e %s; do sleep 0.05; done; ".formatted(go)
            + service.start();
    for (String status : List.of(service.status(), "")) {
      Process agent = agent("service", directory.toString(), start, service.stop(), status);
      await("it begins", () -> journal.lines().contains("begin"));
      TakeoverMain.kill(agent);
      CompletableFuture<ServiceReport> report =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return services(service, start, status).becomePrimary();
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      Files.createFile(go);
      assertThat(report.get().steps()).extracting(Step::outcome).containsExactly(Outcome.UNCHANGED);
      assertThat(journal.lines()).containsExactly("begin", "start web");
      assertThat(services(service, start, status).becomeStandby().failure()).isEmpty();
      sleepers.awaitNone();
      Files.delete(go);
      Files.delete(journal.file());
      Files.deleteIfExists(service.pidFile());
    }
  }

  @Test
  void aHookOfAnAgentThatDiedIsKilledBeforeAnotherOneRuns() throws Exception {
    String owner = "alpha@" + sleepers.command().replace(' ', '-');
    String stuck =
        journal.write("old") + "; setsid " + sleepers.command() + " & " + sleepers.command();
    Process agent = agent("hook", owner, stuck);
    sleepers.awaitSome(2);
    TakeoverMain.kill(agent);
    Hooks next =
        new Hooks(List.of(journal.write("new")), List.of(), Duration.ofMinutes(1), owner, Map.of());
    assertThat(next.before(new RoleChange("web", "alpha", 8, "standby", "primary"))).isEmpty();
    assertThat(journal.lines()).containsExactly("old", "new");
    // In a session of its own: meant to stay.
    sleepers.awaitSome(1);
  }
}

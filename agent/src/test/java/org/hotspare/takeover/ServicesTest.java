package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hotspare.testing.Await.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.hotspare.takeover.Service.Where;
import org.hotspare.takeover.ServiceReport.Outcome;
import org.hotspare.takeover.ServiceReport.Step;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServicesTest {
  /** Long enough for what is to happen within it on a busy machine. */
  private static final Duration SHORT = Duration.ofSeconds(2);

  @TempDir Path directory;

  private final Sleepers sleepers = new Sleepers();
  private Journal journal = new Journal(Path.of(""));

  @BeforeEach
  void begin() {
    journal = Journal.in(directory);
  }

  @AfterEach
  void end() throws Exception {
    sleepers.close();
    TestGroups.remove("test@services");
  }

  private TestService service(String name) {
    return new TestService(name, directory, journal, sleepers);
  }

  private Service plain(String start, String stop, String status) {
    return TestService.service(start, stop, status, Where.PRIMARY, SHORT);
  }

  /** As a new agent has them. */
  private Services services(Service... services) {
    return new Services(List.of(services), "test@services", directory, Map.of());
  }

  private static List<Outcome> outcomes(ServiceReport report) {
    return report.steps().stream().map(Step::outcome).toList();
  }

  private static String failure(ServiceReport report) {
    return report.failure().orElseThrow().text();
  }

  @Test
  void theyStartInTheirOrderAndStopInTheOppositeOne() throws Exception {
    Services services =
        services(service("one").onPrimary(), service("all").onAll(), service("two").onPrimary());
    assertThat(outcomes(services.becomePrimary())).containsOnly(Outcome.CHANGED).hasSize(3);
    assertThat(services.states().values()).containsExactly("running", "running", "running");
    sleepers.awaitSome(3);
    ServiceReport stopped = services.becomeStandby();
    assertThat(outcomes(stopped))
        .containsExactly(Outcome.CHANGED, Outcome.CHANGED, Outcome.UNCHANGED);
    assertThat(services.states().values()).containsExactly("stopped", "running", "stopped");
    sleepers.awaitSome(1);
    assertThat(journal.lines())
        .containsExactly("start one", "start all", "start two", "stop two", "stop one");
  }

  @Test
  void aStandbyHasThoseOfAllNodes() throws Exception {
    Services services = services(service("one").onPrimary(), service("all").onAll());
    assertThat(outcomes(services.becomeStandby()))
        .containsExactly(Outcome.UNCHANGED, Outcome.CHANGED);
    assertThat(outcomes(services.becomeStandby())).containsOnly(Outcome.UNCHANGED);
    assertThat(journal.lines()).containsExactly("start all");
  }

  @Test
  void whatRunsIsNotStartedByTheNextAgent() throws Exception {
    TestService silent = service("silent");
    Service[] both = {
      service("told").onPrimary(),
      TestService.service(silent.start(), silent.stop(), "", Where.PRIMARY, TestService.TIMEOUT)
    };
    assertThat(outcomes(services(both).becomePrimary())).containsOnly(Outcome.CHANGED);
    assertThat(outcomes(services(both).becomePrimary())).containsOnly(Outcome.UNCHANGED);
    assertThat(services(both).states().values()).containsOnly("running");
    assertThat(outcomes(services(both).becomeStandby())).containsOnly(Outcome.CHANGED);
    assertThat(outcomes(services(both).becomeStandby())).containsOnly(Outcome.UNCHANGED);
    assertThat(journal.lines())
        .containsExactly("start told", "start silent", "stop silent", "stop told");
    sleepers.awaitNone();
  }

  @Test
  void oneThatFailsIsToldWithWhatItPrintedAndNoneAfterItIsStarted() throws Exception {
    Service broken =
        plain("echo first; echo no such database >&2; exit 3", "true", "echo never; exit 1");
    ServiceReport report =
        services(service("one").onPrimary(), broken, service("two").onPrimary()).becomePrimary();
    assertThat(outcomes(report)).containsExactly(Outcome.CHANGED, Outcome.FAILED);
    assertThat(failure(report))
        .isEqualTo("not started: its start command: status 3: first / no such database");
    assertThat(journal.lines()).containsExactly("start one");
  }

  @Test
  void oneThatNeverBecomesWellIsToldWithWhatItsStatusSays() throws Exception {
    Service ill =
        plain("echo loading; " + sleepers.command() + " &", "true", "echo still loading; exit 1");
    Services services = services(ill);
    assertThat(failure(services.becomePrimary()))
        .isEqualTo(
            "not started: it was started, but its status command: status 1: still loading;"
                + " it printed: loading");
    assertThat(services.becomeStandby().failure()).isEmpty();
    sleepers.awaitNone();
  }

  @Test
  void oneThatBecomesWellAfterAWhileIsStarted() throws Exception {
    Path well = directory.resolve("well");
    Service slow =
        TestService.service(
            "(sleep 0.5; touch " + well + ") &",
            "rm " + well,
            "test -e " + well,
            Where.PRIMARY,
            TestService.TIMEOUT);
    Services services = services(slow);
    assertThat(outcomes(services.becomePrimary())).containsOnly(Outcome.CHANGED);
    assertThat(well).exists();
    assertThat(outcomes(services.becomeStandby())).containsOnly(Outcome.CHANGED);
  }

  @Test
  void aStartThatDoesNotReturnIsKilledWithAllThatItStarted() throws Exception {
    Service stuck =
        plain(
            "echo begun; trap '' TERM; setsid %1$s & set -m; %1$s & %1$s"
                .formatted(sleepers.command()),
            "true",
            "");
    Services services = services(stuck);
    assertThat(failure(services.becomePrimary()))
        .startsWith("not started: its start command: no end within ")
        .contains(" s, so killed: begun");
    sleepers.awaitNone();
    assertThat(services.states().values()).containsExactly("stopped");
  }

  @Test
  void aServiceThatIgnoresToBeStoppedIsKilled() throws Exception {
    TestService deaf = service("deaf");
    TestService mute = service("mute");
    String program = "/bin/sh -c \"trap : TERM; " + loop() + "\"";
    Services services =
        services(
            plain(deaf.started(program), deaf.stop(), deaf.status()),
            plain(mute.started(program), mute.stop(), ""));
    assertThat(services.becomePrimary().failure()).isEmpty();
    sleepers.awaitSome(2);
    assertThat(services.becomeStandby().steps())
        .hasSize(2)
        .extracting(Step::text)
        .containsOnly("killed; its stop command: status 0");
    sleepers.awaitNone();
    await("no shell is left", () -> shells().isEmpty());
  }

  /** Goes on whatever signals come. */
  private String loop() {
    return "while true; do " + sleepers.command() + "; done";
  }

  private List<ProcessHandle> shells() {
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().commandLine().orElse("").contains(loop()))
        .toList();
  }

  @Test
  void aStopCommandThatHangsOrFailsEndsInAKill() throws Exception {
    Service hanging = plain(sleepers.command() + " &", "trap '' TERM; " + sleepers.command(), "");
    Service failing = plain(sleepers.command() + " & true", "echo cannot; exit 4", "");
    Services services = services(hanging, failing);
    assertThat(services.becomePrimary().failure()).isEmpty();
    sleepers.awaitSome(2);
    assertThat(services.becomeStandby().steps())
        .extracting(Step::text)
        .satisfiesExactly(
            text -> assertThat(text).isEqualTo("killed; its stop command: status 4: cannot"),
            text -> assertThat(text).startsWith("killed; its stop command: no end within "));
    sleepers.awaitNone();
  }

  @Test
  void oneThatCannotBeStoppedIsToldAndTheOthersAreStopped() throws Exception {
    Path mark = directory.resolve("mark");
    Service foreign = plain("touch " + mark, "echo not me", "test -e " + mark + " && echo alive");
    Service once = plain("true", "echo no device; exit 1", "");
    Services services = services(service("one").onPrimary(), foreign, once);
    assertThat(services.becomePrimary().failure()).isEmpty();
    ServiceReport report = services.becomeStandby();
    assertThat(outcomes(report)).containsExactly(Outcome.FAILED, Outcome.FAILED, Outcome.CHANGED);
    assertThat(report.steps().getFirst().text())
        .isEqualTo("not stopped: its stop command: status 1: no device");
    assertThat(report.steps().get(1).text())
        .isEqualTo(
            "not stopped: it still runs, as processes that no start command of an agent started;"
                + " its stop command: status 0: not me; its status command: status 0: alive");
    sleepers.awaitNone();
  }

  /** Where there are no control groups, the environment tells. */
  @Test
  void withoutAControlGroupProcessesAreKnownByTheirEnvironment() throws Exception {
    Service service = plain("setsid " + sleepers.command() + " &", "true", "");
    Services services = services(service);
    assertThat(services.becomePrimary().failure()).isEmpty();
    sleepers.awaitSome(1);
    removeGroupFiles();
    assertThat(services.becomeStandby().steps())
        .extracting(Step::text)
        .containsExactly("killed; its stop command: status 0");
    sleepers.awaitNone();
  }

  private void removeGroupFiles() throws Exception {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".group")).toList()) {
        Files.delete(file);
      }
    }
  }

  @Test
  void inAControlGroupProcessesAreKnownWhateverTheirEnvironment() throws Exception {
    Service service = plain("env -i setsid " + sleepers.command() + " &", "true", "");
    Services services = services(service);
    assertThat(services.becomePrimary().failure()).isEmpty();
    sleepers.awaitSome(1);
    boolean grouped = TestGroups.arePossible();
    services.becomeStandby();
    System.out.println("ServicesTest: control groups can be made here: " + grouped);
    if (grouped) {
      sleepers.awaitNone();
    } else {
      sleepers.awaitSome(1);
    }
  }

  @Test
  void aStatusThatCannotBeAskedIsNoAnswer() throws Exception {
    Service unknown = plain("true", "true", "/nonexistent/status");
    Service hanging = plain("true; true", "true", sleepers.command());
    for (Service service : List.of(unknown, hanging)) {
      Services services = services(service);
      assertThat(failure(services.becomePrimary())).startsWith("not started: its status command: ");
      assertThat(services.states().values())
          .singleElement()
          .asString()
          .startsWith("unknown: its status command: ");
    }
    sleepers.awaitNone();
  }

  @Test
  void whoIsInterruptedLeavesWhatWasBegunToTheNextCall() throws Exception {
    Path pid = directory.resolve("pid");
    Service slow =
        TestService.service(
            "echo $$ >%s; exec %s".formatted(pid, sleepers.command()),
            "kill $(cat %s)".formatted(pid),
            "",
            Where.PRIMARY,
            TestService.TIMEOUT);
    AtomicBoolean interrupted = new AtomicBoolean();
    Thread starting =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    services(slow).becomePrimary();
                  } catch (InterruptedException stopped) {
                    interrupted.set(true);
                  }
                });
    sleepers.awaitSome(1);
    starting.interrupt();
    starting.join();
    assertThat(interrupted).isTrue();
    assertThat(services(slow).becomeStandby().failure()).isEmpty();
    sleepers.awaitNone();
  }

  @Test
  void whatConcernsTheAgentAloneIsHiddenFromAService() throws Exception {
    Service service =
        plain("pwd; env | grep -E '^(NOTIFY_SOCKET|WATCHDOG|HOTSPARE)' | sort; exit 9", "true", "");
    Services services =
        new Services(
            List.of(service),
            "test@services",
            directory,
            Map.of("NOTIFY_SOCKET", "/run/x", "WATCHDOG_USEC", "1", "HOTSPARE_CLUSTER", "web"));
    assertThat(failure(services.becomePrimary()))
        .matches(".*status 9: / / HOTSPARE_CLUSTER=web / HOTSPARE_SERVICE=test@services-[0-9a-f]+");
  }

  /** As where its disk is full. */
  @Test
  void aStateDirectoryThatTakesNothingKeepsNoServiceFromStarting() throws Exception {
    TestService service = service("one");
    for (String status : List.of(service.status(), "")) {
      Service one = plain(service.start(), service.stop(), status);
      Services services =
          new Services(List.of(one), "test@services", directory.resolve("nosuch"), Map.of());
      assertThat(services.becomePrimary().failure()).isEmpty();
      sleepers.awaitSome(1);
      assertThat(services.becomeStandby().failure()).isEmpty();
      sleepers.awaitNone();
    }
  }

  @Test
  void theSameServiceTwiceIsRefused() {
    Service service = service("one").onPrimary();
    assertThatThrownBy(() -> services(service, service))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aLogIsEmptiedWhenItIsTooLongWhileItIsWrittenTo() throws Exception {
    ServiceLog log = new ServiceLog(directory.resolve("log"), 1000);
    assertThat(log.end()).isZero();
    Files.writeString(log.file(), "x".repeat(1000) + "\n");
    log.bound();
    assertThat(log.end()).isZero();
    Files.writeString(log.file(), "one\n\ntwo\u001b\nthree");
    assertThat(log.since(4)).containsExactly("two?", "three");
    assertThat(log.since(4000)).isEmpty();
  }
}

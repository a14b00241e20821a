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
import org.hotspare.takeover.Service.Where;
import org.hotspare.takeover.ServiceReport.Outcome;
import org.hotspare.takeover.ServiceReport.Step;
import org.junit.jupiter.api.Test;

class ServicesTest extends ServicesFixture {
  private TestService service(String name) {
    return host().service(name);
  }

  private Services services(Service... services) {
    return host().services(services);
  }

  private String sleeper() {
    return host().sleepers().command();
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
    host().sleepers().awaitSome(3);
    ServiceReport stopped = services.becomeStandby();
    assertThat(outcomes(stopped))
        .containsExactly(Outcome.CHANGED, Outcome.CHANGED, Outcome.UNCHANGED);
    assertThat(services.states().values()).containsExactly("stopped", "running", "stopped");
    host().sleepers().awaitSome(1);
    assertThat(host().journal().lines())
        .containsExactly("start one", "start all", "start two", "stop two", "stop one");
  }

  @Test
  void aStandbyHasThoseOfAllNodes() throws Exception {
    Services services = services(service("one").onPrimary(), service("all").onAll());
    assertThat(outcomes(services.becomeStandby()))
        .containsExactly(Outcome.UNCHANGED, Outcome.CHANGED);
    assertThat(outcomes(services.becomeStandby())).containsOnly(Outcome.UNCHANGED);
    assertThat(host().journal().lines()).containsExactly("start all");
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
    assertThat(host().journal().lines())
        .containsExactly("start told", "start silent", "stop silent", "stop told");
    host().sleepers().awaitNone();
  }

  @Test
  void oneThatFailsIsToldWithWhatItPrintedAndNoneAfterItIsStarted() throws Exception {
    Service broken =
        service("echo first; echo no such database >&2; exit 3", "true", "echo never; exit 1");
    ServiceReport report =
        services(service("one").onPrimary(), broken, service("two").onPrimary()).becomePrimary();
    assertThat(outcomes(report)).containsExactly(Outcome.CHANGED, Outcome.FAILED);
    assertThat(failure(report))
        .isEqualTo("not started: its start command: status 3: first / no such database");
    assertThat(host().journal().lines()).containsExactly("start one");
  }

  @Test
  void oneThatNeverBecomesWellIsToldWithWhatItsStatusSays() throws Exception {
    Service ill =
        service("echo loading; " + sleeper() + " &", "true", "echo still loading; exit 1");
    Services services = services(new Service(ill.control(), ill.where(), Duration.ofSeconds(3)));
    assertThat(failure(services.becomePrimary()))
        .isEqualTo(
            "not started: it was started, but its status command: status 1: still loading;"
                + " it printed: loading");
    assertThat(services.becomeStandby().failure()).isEmpty();
    host().sleepers().awaitNone();
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
        service("trap '' TERM; setsid %1$s & set -m; %1$s & %1$s".formatted(sleeper()), "true", "");
    Services services =
        services(new Service(stuck.control(), stuck.where(), Duration.ofSeconds(1)));
    assertThat(failure(services.becomePrimary()))
        .startsWith("not started: its start command: no end within ")
        .contains(" s, so killed");
    host().sleepers().awaitNone();
    assertThat(services.states().values())
        .containsExactly("unknown: it was begun, and neither started nor stopped");
    assertThat(services.becomeStandby().failure()).isEmpty();
    assertThat(services.states().values()).containsExactly("stopped");
  }

  @Test
  void aServiceThatIgnoresToBeStoppedIsKilled() throws Exception {
    TestService deaf = service("deaf");
    TestService mute = service("mute");
    String program = "/bin/sh -c \"trap : TERM; " + loop() + "\"";
    Service told = service(deaf.started(program), deaf.stop(), deaf.status());
    Service silent = service(mute.started(program), mute.stop(), "");
    assertThat(services(told, silent).becomePrimary().failure()).isEmpty();
    host().sleepers().awaitSome(2);
    assertThat(services(shortly(told), shortly(silent)).becomeStandby().steps())
        .hasSize(2)
        .extracting(Step::text)
        .containsOnly("killed; its stop command: status 0");
    host().sleepers().awaitNone();
    await("no shell is left", () -> shells().isEmpty());
  }

  /** Goes on whatever signals come. */
  private String loop() {
    return "while true; do " + sleeper() + "; done";
  }

  private List<ProcessHandle> shells() {
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().commandLine().orElse("").contains(loop()))
        .toList();
  }

  @Test
  void aStopCommandThatHangsOrFailsEndsInAKill() throws Exception {
    TestService one = service("one");
    TestService other = service("other");
    Service hanging = service(one.start(), "trap '' TERM; " + sleeper(), one.status());
    Service failing = service(other.start(), "echo cannot; exit 4", other.status());
    assertThat(services(hanging, failing).becomePrimary().failure()).isEmpty();
    assertThat(services(shortly(hanging), shortly(failing)).becomeStandby().steps())
        .extracting(Step::text)
        .satisfiesExactly(
            text -> assertThat(text).isEqualTo("killed; its stop command: status 4: cannot"),
            text -> assertThat(text).startsWith("killed; its stop command: no end within "));
    host().sleepers().awaitNone();
  }

  @Test
  void oneThatCannotBeStoppedIsToldAndTheOthersAreStopped() throws Exception {
    Path mark = directory.resolve("mark");
    Service foreign = service("touch " + mark, "echo not me", "test -e " + mark + " && echo alive");
    Service once = service("true", "echo no device; exit 1", "");
    assertThat(services(service("one").onPrimary(), foreign, once).becomePrimary().failure())
        .isEmpty();
    ServiceReport report =
        services(service("one").onPrimary(), shortly(foreign), shortly(once)).becomeStandby();
    assertThat(outcomes(report)).containsExactly(Outcome.FAILED, Outcome.FAILED, Outcome.CHANGED);
    assertThat(report.steps().getFirst().text())
        .isEqualTo("not stopped: its stop command: status 1: no device");
    assertThat(report.steps().get(1).text())
        .isEqualTo(
            "not stopped: it still runs, as processes that no start command of an agent started;"
                + " its stop command: status 0: not me; its status command: status 0: alive");
    host().sleepers().awaitNone();
  }

  /** Where there are no control groups, the environment tells. */
  @Test
  void withoutAControlGroupProcessesAreKnownByTheirEnvironment() throws Exception {
    Service service = service("setsid " + sleeper() + " &", "true", "");
    Services services = services(service);
    assertThat(services.becomePrimary().failure()).isEmpty();
    host().sleepers().awaitSome(1);
    host().forgetGroups();
    assertThat(services(shortly(service)).becomeStandby().steps())
        .extracting(Step::text)
        .containsExactly("killed; its stop command: status 0");
    host().sleepers().awaitNone();
  }

  @Test
  void inAControlGroupProcessesAreKnownWhateverTheirEnvironment() throws Exception {
    Service service = service("env -i setsid " + sleeper() + " &", "true", "");
    Services services = services(service);
    assertThat(services.becomePrimary().failure()).isEmpty();
    host().sleepers().awaitSome(1);
    boolean grouped = host().makesGroups();
    services(shortly(service)).becomeStandby();
    System.out.println("ServicesTest: control groups can be made here: " + grouped);
    if (grouped) {
      host().sleepers().awaitNone();
    } else {
      host().sleepers().awaitSome(1);
    }
  }

  @Test
  void aStatusThatCannotBeAskedIsNoAnswer() throws Exception {
    Service unknown = service("true", "true", "/nonexistent/status");
    Services services = services(shortly(unknown));
    assertThat(failure(services.becomePrimary())).startsWith("not started: its status command: ");
    assertThat(services.states().values())
        .singleElement()
        .asString()
        .startsWith("unknown: its status command: ");
  }

  @Test
  void whoIsInterruptedLeavesWhatWasBegunToTheNextCall() throws Exception {
    Path pid = directory.resolve("pid");
    Service slow =
        TestService.service(
            "echo $$ >%s; exec %s".formatted(pid, sleeper()),
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
    host().sleepers().awaitSome(1);
    starting.interrupt();
    starting.join();
    assertThat(interrupted).isTrue();
    assertThat(services(slow).becomeStandby().failure()).isEmpty();
    host().sleepers().awaitNone();
  }

  @Test
  void whatConcernsTheAgentAloneIsHiddenFromAService() throws Exception {
    Service service =
        service(
            "pwd; env | grep -E '^(NOTIFY_SOCKET|WATCHDOG|HOTSPARE)' | sort; exit 9", "true", "");
    Services services =
        new Services(
            List.of(service),
            host().owner(),
            host().records(),
            host().logs(),
            Map.of("NOTIFY_SOCKET", "/run/x", "WATCHDOG_USEC", "1", "HOTSPARE_CLUSTER", "web"));
    assertThat(failure(services.becomePrimary()))
        .matches(".*status 9: / / HOTSPARE_CLUSTER=web / HOTSPARE_SERVICE=test@[-0-9a-f]+");
  }

  /** As where its disk is full. */
  @Test
  void aStateDirectoryThatTakesNothingKeepsNoServiceFromStarting() throws Exception {
    TestService service = service("one");
    for (String status : List.of(service.status(), "")) {
      Service one = service(service.start(), service.stop(), status);
      Services services =
          new Services(
              List.of(one),
              host().owner(),
              host().records(),
              directory.resolve("nosuch"),
              Map.of());
      assertThat(services.becomePrimary().failure()).isEmpty();
      host().sleepers().awaitSome(1);
      assertThat(services.becomeStandby().failure()).isEmpty();
      host().sleepers().awaitNone();
    }
  }

  /** Or the next agent would not know that it has to be stopped. */
  @Test
  void whatCannotBeRecordedIsNotStarted() throws Exception {
    Files.delete(host().records());
    Services services = services(service("one").onPrimary());
    assertThat(failure(services.becomePrimary())).startsWith("not started: ");
    assertThat(host().journal().lines()).isEmpty();
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

  @Test
  void logsAreBoundedWhileTheirServicesRun() throws Exception {
    Services services = services(service("one").onPrimary());
    assertThat(services.becomePrimary().failure()).isEmpty();
    Files.write(host().log(), new byte[(10 << 20) + 1]);
    services.boundLogs();
    assertThat(host().log()).isEmptyFile();
  }

  @Test
  void aControlGroupThatCannotBeJoinedKeepsNoServiceFromStarting() throws Exception {
    Path groupFile = Files.createFile(directory.resolve("group"));
    Path started = directory.resolve("started");
    StartCommand start =
        new StartCommand(
            "echo it starts",
            Map.of(),
            new ServiceProcesses(host().owner(), groupFile),
            new ServiceLog(directory.resolve("log")),
            started);
    Path nowhere = directory.resolve("nosuch/cgroup.procs");
    CommandEnd end = TimedCommand.run(start.line(nowhere), Map.of(), TestService.TIMEOUT);
    assertThat(end.isSuccess()).as(end.toString()).isTrue();
    assertThat(started).exists();
    assertThat(groupFile).doesNotExist();
    assertThat(directory.resolve("log")).content().endsWith("it starts\n");
  }
}

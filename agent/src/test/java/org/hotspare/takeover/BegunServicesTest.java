package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.hotspare.takeover.Service.Where;
import org.hotspare.takeover.ServiceReport.Outcome;
import org.hotspare.takeover.ServiceReport.Step;
import org.junit.jupiter.api.Test;

/**
 * What was begun is stopped, whatever became of it and whatever its status says; and what runs is
 * not killed for one bad answer. Most services here have no processes of their own: a file says
 * that they are up, as another daemon would.
 */
class BegunServicesTest extends ServicesFixture {
  private static Service onAll(Service service) {
    return new Service(service.control(), Where.ALL, service.timeout());
  }

  private static Outcome outcome(ServiceReport report) {
    assertThat(report.steps()).hasSize(1);
    return report.steps().getFirst().outcome();
  }

  private static String text(ServiceReport report) {
    assertThat(report.steps()).hasSize(1);
    return report.steps().getFirst().text();
  }

  @Test
  void oneThatRunsAndIsNotWellIsStopped() throws Exception {
    Path up = host().file("up");
    Path well = Files.createFile(host().file("well"));
    Service service = service("touch " + up, "rm " + up, "test -e %s -a -e %s".formatted(up, well));
    assertThat(outcome(host().services(service).becomePrimary())).isEqualTo(Outcome.CHANGED);
    Files.delete(well);
    assertThat(outcome(host().services(service).becomeStandby())).isEqualTo(Outcome.CHANGED);
    assertThat(up).doesNotExist();
    assertThat(outcome(host().services(service).becomeStandby())).isEqualTo(Outcome.UNCHANGED);
  }

  /** Somebody else started it. */
  @Test
  void oneThatWasFoundRunningIsStoppedAlsoWhenItIsNotWell() throws Exception {
    Path up = Files.createFile(host().file("up"));
    Path well = Files.createFile(host().file("well"));
    Service service = service("exit 1", "rm " + up, "test -e " + well);
    assertThat(outcome(host().services(service).becomePrimary())).isEqualTo(Outcome.UNCHANGED);
    Files.delete(well);
    assertThat(outcome(host().services(service).becomeStandby())).isEqualTo(Outcome.CHANGED);
    assertThat(up).doesNotExist();
  }

  @Test
  void oneWhoseStartWasLateOrFailedIsStoppedByTheNextAgent() throws Exception {
    Path up = host().file("up");
    String begin = "touch %s; ".formatted(up);
    Service late = service(begin + host().sleepers().command(), "rm -f " + up, "false");
    Service failed = service(begin + "exit 3", "rm " + up, "");
    for (Service service : List.of(new Service(late.control(), late.where(), SHORT), failed)) {
      assertThat(outcome(host().services(service).becomePrimary())).isEqualTo(Outcome.FAILED);
      // Another daemon may have been told to start it, and does so now.
      assertThat(outcome(host().services(service).becomeStandby())).isEqualTo(Outcome.CHANGED);
      assertThat(up).doesNotExist();
    }
  }

  @Test
  void aStopThatFailedIsTriedAgainAlsoWhenItsOwnProcessesAreGone() throws Exception {
    Path up = host().file("up");
    Path device = host().file("device");
    Service service =
        service(
            "touch %s; %s &".formatted(up, host().sleepers().command()),
            "test -e %s || { echo no device; exit 4; }; rm %s".formatted(device, up),
            "");
    assertThat(outcome(host().services(service).becomePrimary())).isEqualTo(Outcome.CHANGED);
    host().sleepers().awaitSome(1);
    host().sleepers().close();
    host().sleepers().awaitNone();
    assertThat(text(host().services(service).becomeStandby()))
        .isEqualTo("not stopped: its stop command: status 4: no device");
    assertThat(host().services(service).states().values())
        .containsExactly("unknown: it was begun, and neither started nor stopped");
    Files.createFile(device);
    assertThat(outcome(host().services(service).becomeStandby())).isEqualTo(Outcome.CHANGED);
    assertThat(up).doesNotExist();
    assertThat(outcome(host().services(service).becomeStandby())).isEqualTo(Outcome.UNCHANGED);
  }

  /** Its status would say the same of one that is down. */
  @Test
  void oneThatIsNotWellAndCannotBeStoppedIsTold() throws Exception {
    Path well = Files.createFile(host().file("well"));
    Service service = service("true", "echo no answer; exit 1", "test -e " + well);
    assertThat(outcome(host().services(service).becomePrimary())).isEqualTo(Outcome.UNCHANGED);
    Files.delete(well);
    assertThat(text(host().services(service).becomeStandby()))
        .startsWith("not stopped: it is not well, but may still run; its stop command: status 1");
  }

  /** As a daemon that crashed: its stop command finds nothing to stop. */
  @Test
  void oneWhoseProcessesAreGoneCountsAsStoppedThoughItsStopCommandFails() throws Exception {
    TestService daemon = host().service("daemon");
    Service service = daemon.onPrimary();
    assertThat(outcome(host().services(service).becomePrimary())).isEqualTo(Outcome.CHANGED);
    host().sleepers().awaitSome(1);
    host().sleepers().close();
    host().sleepers().awaitNone();
    assertThat(outcome(host().services(service).becomeStandby())).isEqualTo(Outcome.CHANGED);
    assertThat(outcome(host().services(service).becomeStandby())).isEqualTo(Outcome.UNCHANGED);
  }

  @Test
  void aStatusThatHangsLeavesTheStopItsTime() throws Exception {
    Path hanging = Files.createFile(host().file("hanging"));
    Service service =
        shortly(
            service(
                "true",
                "rm " + hanging,
                "test -e %s && exec %s; exit 1".formatted(hanging, host().sleepers().command())));
    assertThat(text(host().services(service).becomeStandby())).isEqualTo("stopped");
    assertThat(hanging).doesNotExist();
  }

  @Test
  void oneBadAnswerKillsNothing() throws Exception {
    TestService daemon = host().service("daemon");
    Path bad = host().file("bad");
    Service service =
        onAll(
            service(
                daemon.start(),
                daemon.stop(),
                "rm %s 2>/dev/null && exit 1; %s".formatted(bad, daemon.status())));
    assertThat(outcome(host().services(service).becomeStandby())).isEqualTo(Outcome.CHANGED);
    String pid = Files.readString(daemon.pidFile());
    Files.createFile(bad);
    assertThat(outcome(host().services(service).becomePrimary())).isEqualTo(Outcome.UNCHANGED);
    assertThat(bad).doesNotExist();
    assertThat(daemon.pidFile()).hasContent(pid);
    host().sleepers().awaitSome(1);
    assertThat(host().journal().lines()).containsExactly("start daemon");
  }

  @Test
  void oneThatStaysUnwellIsStoppedByItsCommandBeforeItIsStartedAgain() throws Exception {
    TestService daemon = host().service("daemon");
    Path well = Files.createFile(host().file("well"));
    Service service =
        onAll(
            service(
                daemon.start() + "; touch " + well,
                daemon.stop(),
                "test -e %s && %s".formatted(well, daemon.status())));
    assertThat(outcome(host().services(service).becomeStandby())).isEqualTo(Outcome.CHANGED);
    Files.delete(well);
    assertThat(outcome(host().services(service).becomeStandby())).isEqualTo(Outcome.CHANGED);
    assertThat(host().journal().lines())
        .containsExactly("start daemon", "stop daemon", "start daemon");
    host().sleepers().awaitSome(1);
  }

  @Test
  void oneWithAnotherStartCommandTakesThePlaceOfTheOldOne() throws Exception {
    Service old = host().service("old").onPrimary();
    Service changed = host().service("changed").onPrimary();
    assertThat(outcome(host().services(old).becomePrimary())).isEqualTo(Outcome.CHANGED);
    ServiceReport report = host().services(changed).becomePrimary();
    assertThat(report.steps()).extracting(Step::outcome).containsOnly(Outcome.CHANGED).hasSize(2);
    assertThat(host().journal().lines()).containsExactly("start old", "stop old", "start changed");
    host().sleepers().awaitSome(1);
  }

  @Test
  void oneThatLeftTheConfigurationIsStopped() throws Exception {
    assertThat(outcome(host().services(host().service("old").onPrimary()).becomePrimary()))
        .isEqualTo(Outcome.CHANGED);
    assertThat(outcome(host().services().becomeStandby())).isEqualTo(Outcome.CHANGED);
    host().sleepers().awaitNone();
    assertThat(host().services().becomeStandby().steps()).isEmpty();
  }

  @Test
  void oneThatLeftTheConfigurationAndCannotBeStoppedKeepsNobodyFromBeingPrimary() throws Exception {
    Service old = service("true", "exit 1", "");
    assertThat(outcome(host().services(old).becomePrimary())).isEqualTo(Outcome.CHANGED);
    Services next = host().services(service("true; true", "true", ""));
    ServiceReport report = next.becomePrimary();
    assertThat(report.failure()).isEmpty();
    assertThat(report.steps())
        .extracting(Step::outcome)
        .containsExactly(Outcome.LEFT_BEHIND, Outcome.CHANGED);
    assertThat(next.becomeStandby().failure()).isPresent();
  }

  /** Its agent died before it could run the command. */
  @Test
  void oneThatWasBegunAndNeverStartedIsStarted() throws Exception {
    TestService daemon = host().service("daemon");
    Service service = service(daemon.start(), "true", "");
    host().record(service).begin(service);
    assertThat(outcome(host().services(service).becomePrimary())).isEqualTo(Outcome.CHANGED);
    assertThat(host().journal().lines()).containsExactly("start daemon");
    assertThat(outcome(host().services(service).becomePrimary())).isEqualTo(Outcome.UNCHANGED);
  }

  @Test
  void aStartOfAnEarlierAgentThatHangsIsKilledAndTheNextOneSucceeds() throws Exception {
    TestService daemon = host().service("daemon");
    Service service = onAll(daemon.onPrimary());
    String id = new ServiceRecords(host().owner(), host().records()).id(service.control());
    ProcessBuilder hanging =
        new ProcessBuilder("/bin/sh", "-c", "exec " + host().sleepers().command());
    new ServiceProcesses(id, host().file("group"))
        .environment()
        .forEach(hanging.environment()::put);
    Process earlier = hanging.start();
    assertThat(text(host().services(shortly(service)).becomePrimary()))
        .isEqualTo("not started: a start command of an earlier agent did not end, so killed");
    await("it is gone", () -> !earlier.isAlive());
    assertThat(outcome(host().services(service).becomePrimary())).isEqualTo(Outcome.CHANGED);
  }

  /** Of an earlier start of the machine. */
  @Test
  void whatTheMachineForgotIsForgotten() throws Exception {
    Service service = service("true", "exit 1", "");
    ServiceRecord record = host().record(service);
    record.begin(service);
    assertThat(record.isBegun()).isTrue();
    Files.writeString(
        record.file(), Files.readString(record.file()).replaceFirst("run=....", "run=0000"));
    assertThat(record.isBegun()).isFalse();
    assertThat(outcome(host().services(service).becomeStandby())).isEqualTo(Outcome.UNCHANGED);
  }

  @Test
  void aRecordThatCannotBeReadCountsAsOne() throws Exception {
    Service service = service("true", host().journal().write("stop"), "");
    Files.writeString(host().record(service).file(), "run=\\uXXXX");
    assertThat(outcome(host().services(service).becomeStandby())).isEqualTo(Outcome.CHANGED);
    assertThat(host().journal().lines()).containsExactly("stop");
  }
}

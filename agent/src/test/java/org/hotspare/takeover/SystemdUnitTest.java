package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.hotspare.takeover.Service.Where;
import org.hotspare.takeover.ServiceReport.Outcome;
import org.hotspare.takeover.ServiceReport.Step;
import org.hotspare.testing.Command;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SystemdUnitTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  /** For what is not to succeed. */
  private static final Duration SHORT = Duration.ofMillis(500);

  @TempDir Path directory;

  private @Nullable FakeSystemctl fake;

  private FakeSystemctl systemctl() {
    return Objects.requireNonNull(fake);
  }

  @BeforeEach
  void begin() throws Exception {
    fake = new FakeSystemctl(directory.resolve("bin"));
  }

  private Services services(Duration timeout, Path booted, String... units) {
    List<Service> services =
        Stream.of(units)
            .map(unit -> new Service(new Service.Systemd(unit), Where.PRIMARY, timeout))
            .toList();
    return new Services(
        services, "test@units", directory, directory, systemctl().environment(), booted);
  }

  private Services services(Duration timeout, String... units) {
    return services(timeout, directory, units);
  }

  private static List<Outcome> outcomes(ServiceReport report) {
    return report.steps().stream().map(Step::outcome).toList();
  }

  private static String failure(ServiceReport report) {
    return report.failure().orElseThrow().text();
  }

  @Test
  void unitsStartInTheirOrderAndStopInTheOppositeOne() throws Exception {
    Services services = services(LONG, "db", "web");
    assertThat(outcomes(services.becomePrimary()))
        .containsExactly(Outcome.CHANGED, Outcome.CHANGED);
    assertThat(outcomes(services.becomePrimary())).containsOnly(Outcome.UNCHANGED);
    assertThat(services.states()).isEqualTo(Map.of("db", "running", "web", "running"));
    assertThat(outcomes(services.becomeStandby()))
        .containsExactly(Outcome.CHANGED, Outcome.CHANGED);
    assertThat(outcomes(services.becomeStandby())).containsOnly(Outcome.UNCHANGED);
    assertThat(systemctl().calls())
        .containsExactly(
            "reset-failed -- db",
            "start -- db",
            "reset-failed -- web",
            "start -- web",
            "stop -- web",
            "kill --signal=KILL -- web",
            "stop -- db",
            "kill --signal=KILL -- db",
            // Asked again, since one that is inactive may have been told to start.
            "stop -- web",
            "stop -- db");
  }

  @Test
  void oneThatFailsIsToldWithWhatSystemdSaysAndWhatItPrinted() throws Exception {
    systemctl().does("db", "fails");
    assertThat(failure(services(LONG, "db", "web").becomePrimary()))
        .isEqualTo(
            "not started: systemctl start: status 1: Job for db failed because the control process"
                + " exited with error code. / reads its settings / no such database / gives up");
    assertThat(systemctl().calls()).containsExactly("reset-failed -- db", "start -- db");
  }

  @Test
  void oneThatIsNotThereIsTold() throws Exception {
    systemctl().does("nosuch", "nothing");
    assertThat(failure(services(LONG, "nosuch").becomePrimary()))
        .contains("status 5: Failed to start nosuch: Unit nosuch not found.");
    assertThat(services(LONG, "nosuch").becomeStandby().failure()).isEmpty();
  }

  /** As with a condition that does not hold, which systemd takes for a success. */
  @Test
  void oneThatSystemdDidNotStartAlthoughItSaysSoIsTold() throws Exception {
    systemctl().does("web", "skips");
    assertThat(failure(services(LONG, "web").becomePrimary()))
        .startsWith("not started: systemctl started it, but it is inactive: ");
  }

  @Test
  void oneThatRestartsItselfIsWaitedFor() throws Exception {
    systemctl().does("web", "wakes");
    assertThat(outcomes(services(LONG, "web").becomePrimary())).containsExactly(Outcome.CHANGED);
  }

  @Test
  void oneThatIsNotStartedInTimeIsToldAndCanBeStopped() throws Exception {
    systemctl().does("web", "hangs");
    Services services = services(SHORT, "web");
    assertThat(failure(services.becomePrimary()))
        .matches("not started: systemctl start: no end within .* s, so killed: .*");
    assertThat(outcomes(services.becomeStandby())).containsExactly(Outcome.CHANGED);
    assertThat(systemctl().calls())
        .containsExactly(
            "reset-failed -- web", "start -- web", "stop -- web", "kill --signal=KILL -- web");
  }

  /** It is inactive until then, and would be started later, on a standby. */
  @Test
  void oneWhoseStartWaitsForAnotherUnitIsNotStartedLater() throws Exception {
    systemctl().does("web", "queued");
    Services services = services(Duration.ofSeconds(3), "web");
    assertThat(failure(services.becomePrimary())).contains("no end within");
    assertThat(systemctl().isQueued("web")).isTrue();
    assertThat(services.becomeStandby().failure()).isEmpty();
    assertThat(systemctl().isQueued("web")).isFalse();
  }

  @Test
  void oneWhoseStateCannotBeAskedIsStopped() throws Exception {
    systemctl().state("web", "active");
    systemctl().does("web", "unreachable");
    assertThat(outcomes(services(LONG, "web").becomeStandby())).containsExactly(Outcome.CHANGED);
    systemctl().does("web", "works");
    assertThat(services(LONG, "web").states()).isEqualTo(Map.of("web", "stopped"));
  }

  @Test
  void whatWouldStartItAgainIsStoppedWithIt() throws Exception {
    systemctl().state("web", "active");
    systemctl().triggers("web", "web.socket web.timer");
    assertThat(outcomes(services(LONG, "web").becomeStandby())).containsExactly(Outcome.CHANGED);
    assertThat(systemctl().calls())
        .containsExactly("stop -- web.socket web.timer web", "kill --signal=KILL -- web");
  }

  @Test
  void oneThatLeftTheConfigurationIsStopped() throws Exception {
    assertThat(outcomes(services(LONG, "old").becomePrimary())).containsExactly(Outcome.CHANGED);
    assertThat(outcomes(services(LONG, "new").becomePrimary()))
        .containsExactly(Outcome.CHANGED, Outcome.CHANGED);
    assertThat(services(LONG, "old", "new").states())
        .isEqualTo(Map.of("old", "stopped", "new", "running"));
  }

  @Test
  void oneThatDoesNotStopIsKilled() throws Exception {
    systemctl().does("web", "deaf");
    systemctl().state("web", "active");
    ServiceReport report = services(SHORT, "web").becomeStandby();
    assertThat(report.steps())
        .singleElement()
        .extracting(Step::text)
        .asString()
        .matches("killed, since systemctl stop: no end within .* s, so killed");
    assertThat(systemctl().calls())
        .containsExactly("stop -- web", "kill --signal=KILL -- web", "stop -- web");
  }

  @Test
  void oneThatCannotBeKilledIsTold() throws Exception {
    systemctl().does("web", "immortal");
    systemctl().state("web", "active");
    assertThat(failure(services(SHORT, "web").becomeStandby()))
        .matches(
            "not stopped: it still runs, or may: systemctl stop: .*; systemctl kill: status 0.*");
  }

  @Test
  void withoutSystemdTheReasonIsTold() throws Exception {
    Services services = services(LONG, directory.resolve("nosuch"), "web");
    String reason =
        "systemd does not run on this machine (there is no %s/nosuch)".formatted(directory);
    assertThat(failure(services.becomePrimary())).isEqualTo("not started: " + reason);
    assertThat(failure(services.becomeStandby())).isEqualTo("not stopped: " + reason);
    assertThat(services.states()).isEqualTo(Map.of("web", "unknown: " + reason));
  }

  /** The real one, where it is installed, has nothing against how it is called. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "is-active",
        "start",
        "stop",
        "reset-failed",
        "show --property=TriggeredBy --value",
        "kill --signal=KILL",
        "status --no-pager --lines=3 --output=cat"
      })
  void theCallsAreSuchAsTheRealOneTakes(String verb) {
    String refused = systemctl("--no-such-option " + verb);
    if (refused.contains("not found")) {
      System.out.println("SystemdUnitTest: there is no systemctl here: " + refused.strip());
      return;
    }
    assertThat(refused).contains("unrecognized option");
    assertThat(systemctl(verb))
        .doesNotContain("unrecognized option")
        .doesNotContain("invalid option")
        .doesNotContain("Unknown command")
        .doesNotContain("Unknown output")
        .doesNotContain("Failed to parse");
  }

  private static String systemctl(String arguments) {
    String call =
        "systemctl --no-ask-password %s -- hotspare-no-such-unit </dev/null".formatted(arguments);
    return Command.run(Duration.ofMinutes(1), List.of("/bin/sh", "-c", call)).output();
  }
}

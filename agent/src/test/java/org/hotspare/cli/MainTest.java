package org.hotspare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.hotspare.admin.AdminServer;
import org.hotspare.admin.Answer;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.CoverageStatus;
import org.hotspare.admin.Difference;
import org.hotspare.admin.Event;
import org.hotspare.admin.EventLog;
import org.hotspare.admin.Invitation;
import org.hotspare.admin.Lag;
import org.hotspare.admin.MirrorState;
import org.hotspare.admin.MirrorStatus;
import org.hotspare.admin.Operations;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.Progress;
import org.hotspare.admin.Role;
import org.hotspare.admin.RoleOrder;
import org.hotspare.admin.StandbyStatus;
import org.hotspare.admin.Status;
import org.hotspare.admin.VerifyListener;
import org.hotspare.admin.VerifyResult;
import org.hotspare.admin.WaitResult;
import org.hotspare.admin.WrongRequest;
import org.hotspare.config.Configuration;
import org.hotspare.config.Node;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Every command as people give it, against an agent whose answers are known. */
@Timeout(60)
class MainTest {
  @TempDir private Path directory;
  private Path file;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @SuppressWarnings("NullAway.Init") // set by JUnit and before each test
  MainTest() {}

  @BeforeEach
  void writeConfiguration() throws IOException {
    file = directory.resolve("web.yaml");
    Files.writeString(
        file,
        """
        cluster: web
        nodes:
          alpha: {address: 127.0.0.1:7400}
          beta: {address: 10.255.0.2:7400, paths: {www: /data/www}}
          gamma: {address: 10.255.0.3:7400, witness: true}
        mirrors:
          www: {path: /srv/www}
        primary: alpha
        hooks: {before: [date]}
        state: state
        """);
    Files.createDirectory(directory.resolve("state"));
  }

  private int run(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    CommandLine line =
        Main.commandLine(
            arguments,
            Main.commands(new EchoRunner()),
            new PrintWriter(out, true),
            new PrintWriter(err, true));
    return line.execute(arguments);
  }

  private int runWithAgent(String... arguments) throws IOException {
    Path state = directory.resolve("state");
    try (EventLog events = EventLog.open(state, "alpha", InstantSource.system());
        AdminServer _ = AdminServer.start(state, new EchoOperations(), events)) {
      events.record(Event.Kind.HELD, "www", "asks");
      return run(arguments);
    }
  }

  private String config() {
    return "--config=" + file;
  }

  @Test
  void helpAndVersionAreThere() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString())
        .contains("status", "verify", "approve", "try", "doctor", "Exit status:");
    assertThat(run("--version")).isZero();
    assertThat(out).hasToString("hotspare development\n");
    assertThat(run("wait", "--help")).isZero();
    assertThat(out.toString()).contains("--timeout=DURATION", "(default: 30s)", "--config=FILE");
    for (String command :
        List.of(
            "run", "try", "init", "invite", "join", "check", "status", "verify", "approve",
            "reject", "events", "doctor")) {
      assertThat(run(command, "--help")).as(command).isZero();
    }
  }

  @Test
  void thatAllOthersAreOffIsConfirmedByTheNameOfTheCluster() throws IOException {
    String[] command = {"failover", "--to=beta", "--others-are-off", config()};
    InputStream terminal = System.in;
    try {
      for (String typed : List.of("", "yes\n", "webs\n")) {
        System.setIn(new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8)));
        assertThat(runWithAgent(command)).as(typed).isEqualTo(4);
        assertThat(err.toString())
            .contains("beta alone decides in cluster web", "switch all others");
        assertThat(out.toString()).contains("nothing was done", "--confirm CLUSTER");
      }
      System.setIn(new ByteArrayInputStream(" web \n".getBytes(StandardCharsets.UTF_8)));
      assertThat(runWithAgent(command)).isZero();
      assertThat(out.toString()).contains("othersAreOff=true");
    } finally {
      System.setIn(terminal);
    }
    assertThat(run("failover", "--to=beta", "--others-are-off", "--confirm=w", config()))
        .isEqualTo(4);
    assertThat(runWithAgent("failover", "--to=beta", "--others-are-off", "--confirm=web", config()))
        .isZero();
    assertThat(err.toString()).isEmpty();
    assertThat(runWithAgent("failover", "--to=beta", config())).isZero();
    assertThat(out.toString()).contains("othersAreOff=false");
  }

  @Test
  void rehearsalGoesThroughTheCommands() throws Exception {
    PrintStream terminal = System.out;
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    System.setOut(new PrintStream(shown, true, StandardCharsets.UTF_8));
    try {
      Rehearsal.commands();
    } finally {
      System.setOut(terminal);
    }
    assertThat(shown.toString(StandardCharsets.UTF_8))
        .contains("is valid", "first copy", "{\"node\":\"alpha\"", "HOTSPARE WARNING", "durable");
  }

  @Test
  void wrongUsageIsExplainedShortly() {
    assertThat(run("status", "--jsn")).isEqualTo(2);
    assertThat(err)
        .hasToString(
            "Unknown option: '--jsn'\nPossible solutions: --json\nSee: hotspare status --help\n");
    assertThat(run("wait", "--timeout", "soon")).isEqualTo(2);
    assertThat(err.toString()).contains("--timeout", "expected a duration such as 500ms");
    assertThat(run()).isEqualTo(2);
    assertThat(run("invite")).isEqualTo(2);
  }

  @Test
  void configurationIsChecked() throws Exception {
    assertThat(run("check", file.toString())).isZero();
    assertThat(out)
        .hasToString(
            """
            %1$s is valid.
            Cluster web, fixed roles:
              alpha at 127.0.0.1:7400, primary
                www in /srv/www
              beta at 10.255.0.2:7400, standby
                www in /data/www
              gamma at 10.255.0.3:7400, witness
            Note: %1$s:9:1: hooks: has no effect in this version
            """
                .formatted(file));
    Files.writeString(file, "cluster: web\nnode: {}\n");
    assertThat(run("check", config())).isEqualTo(2);
    assertThat(err.toString())
        .contains("web.yaml:2:1: unknown key \"node\"; expected one of", "did you mean \"nodes\"?");
    assertThat(run("check", "/")).isEqualTo(2);
    assertThat(err.toString()).contains("is a directory").doesNotContain("Exception");
  }

  @Test
  void withoutAnAgentItSaysHowToStartOne() {
    for (String command : List.of("status", "wait", "verify", "approve", "reject", "events")) {
      assertThat(run(command, config())).as(command).isEqualTo(3);
      assertThat(err.toString())
          .startsWith("No agent answers at " + directory.resolve("state/agent.sock"))
          .contains("Start one with: hotspare run --config FILE");
    }
    assertThat(run("status", "--check", config())).isEqualTo(3);
    assertThat(out.toString()).startsWith("HOTSPARE UNKNOWN - No agent answers");
  }

  @Test
  void statusIsShownForPeopleProgramsAndMonitoring() throws Exception {
    assertThat(runWithAgent("status", config())).isZero();
    assertThat(out.toString()).contains("alpha: primary", "beta  up to date");
    assertThat(runWithAgent("status", "--json", config())).isZero();
    assertThat(out.toString()).startsWith("{\"node\":\"alpha\"").endsWith("}\n");
    assertThat(runWithAgent("status", "--check", config())).isZero();
    assertThat(out.toString()).startsWith("HOTSPARE OK - alpha is primary, www in sync");
  }

  @Test
  void barrierSaysWhoIsMissing() throws Exception {
    assertThat(runWithAgent("wait", config())).isZero();
    assertThat(out).hasToString("All that was written is durable on every standby (30 s).\n");
    assertThat(runWithAgent("wait", "--timeout=1ms", config())).isEqualTo(1);
    assertThat(out).hasToString("Not confirmed after 0.0 s:\n  beta is not connected\n");
  }

  @Test
  void comparisonListsWhatDiffers() throws Exception {
    assertThat(runWithAgent("verify", config())).isEqualTo(1);
    assertThat(out)
        .hasToString(
            """
            beta: www: a/b: the content differs
            57,049 entries with 578 MiB compared: 1 difference.
            """);
    assertThat(runWithAgent("verify", "--repair", config())).isZero();
    assertThat(out.toString()).endsWith("578 MiB compared: 1 difference, of which 1 repaired.\n");
    assertThat(runWithAgent("verify", "--mirror=none", config())).isEqualTo(2);
    assertThat(err).hasToString("There is no mirror \"none\".\n");
    assertThat(VerifyCommand.summary(new VerifyResult(1, 0, 0, 0, List.of())))
        .isEqualTo("1 entry with 0 bytes compared: all equal.");
    assertThat(VerifyCommand.summary(new VerifyResult(2, 0, 0, 0, List.of("beta"))))
        .isEqualTo("2 entries with 0 bytes compared: equal where compared.");
  }

  @Test
  void whatIsHeldIsApprovedOrRejected() throws Exception {
    assertThat(runWithAgent("approve", "--mirror", "www", "--for", "10m", config())).isZero();
    assertThat(out).hasToString("approved www PT10M\n");
    assertThat(runWithAgent("approve", config())).isZero();
    assertThat(out).hasToString("approved null PT0S\n");
    assertThat(runWithAgent("reject", config())).isEqualTo(4);
    assertThat(out).hasToString("nothing is held\n");
  }

  @Test
  void tokenStandsAloneOnTheOutput() throws Exception {
    assertThat(runWithAgent("invite", "beta", config())).isZero();
    assertThat(out).hasToString("T0KEN\n");
    assertThat(err).hasToString("On beta, within 1 h: hotspare join TOKEN\n");
  }

  @Test
  void eventsAreListed() throws Exception {
    assertThat(runWithAgent("events", config())).isZero();
    assertThat(out.toString())
        .matches("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3}  held           www: asks\n");
    assertThat(runWithAgent("events", "--json", "--last=1", config())).isZero();
    assertThat(out.toString()).contains("\"kind\":\"held\"").doesNotContain("\n{");
    assertThat(run("events", "--last=-1", config())).isEqualTo(2);
  }

  @Test
  void whatTheWholeProgramDoesIsHandedToIt() {
    assertThat(run("run", "--node=beta", config())).isEqualTo(Outcome.REFUSED.exitStatus());
    assertThat(err).hasToString("run web as beta\n");
    assertThat(run("run", "--node=delta", config())).isEqualTo(2);
    assertThat(run("init", "--node=alpha", config())).isZero();
    assertThat(out).hasToString("init alpha\n");
    assertThat(run("join", "T0KEN", config())).isZero();
    assertThat(out).hasToString("join T0KEN " + file + "\n");
    assertThat(run("try", "/usr/share")).isZero();
    assertThat(out.toString()).startsWith("try /usr/share false /").contains("hotspare-try");
    assertThat(run("try", "--in-place")).isEqualTo(2);
    assertThat(run("try", "--clean", "/usr/share")).isEqualTo(2);
    assertThat(run("try", "--clean")).isZero();
    assertThat(out.toString()).startsWith("clean ");
  }

  @Test
  void doctorTellsWhatToDo() {
    assertThat(run("doctor", "--node=alpha", config())).isEqualTo(1);
    assertThat(out)
        .hasToString(
            """
            alpha:
            ok       kernel       6.18
            problem  ports        beta cannot be reached on 10.255.0.2:7400
                                  open port 7400 for TCP on beta
            beta:
            warning  filesystems  /data has no reflinks
            1 problem, 1 warning.
            """);
    assertThat(run("doctor", "--config=" + directory.resolve("none.yaml"))).isZero();
    assertThat(out).hasToString("0 problems, 0 warnings.\n");
  }

  /** Says what it was asked. */
  private static final class EchoRunner implements AgentRunner {
    @Override
    public Outcome run(Configuration configuration, Node node) throws CommandFailure {
      throw new CommandFailure(
          Outcome.REFUSED, "run " + configuration.cluster() + " as " + node.name());
    }

    @Override
    public Outcome tryOut(@Nullable Path directory, boolean inPlace, Path where, PrintWriter out) {
      out.println("try " + directory + " " + inPlace + " " + where);
      return Outcome.DONE;
    }

    @Override
    public Outcome drill(@Nullable Path directory, boolean inPlace, Path where, PrintWriter out) {
      out.printf("drill with %s%n", directory);
      return Outcome.DONE;
    }

    @Override
    public Answer removeTrial(Path where) {
      return Answer.done("clean " + where);
    }

    @Override
    public Answer init(Configuration configuration, Node node) {
      return Answer.done("init " + node.name());
    }

    @Override
    public Answer join(String token, Path file) {
      return Answer.done("join " + token + " " + file);
    }

    @Override
    public List<Finding> examine(
        @Nullable Configuration configuration, @Nullable Node node, boolean all) {
      if (configuration == null) {
        return List.of();
      }
      return List.of(
          new Finding(Finding.Level.OK, "alpha", "kernel", "6.18", ""),
          new Finding(
              Finding.Level.PROBLEM,
              "alpha",
              "ports",
              "beta cannot be reached on 10.255.0.2:7400",
              "open port 7400 for TCP on beta"),
          new Finding(Finding.Level.WARNING, "beta", "filesystems", "/data has no reflinks", ""));
    }
  }

  /** Answers with what it was asked. */
  private static final class EchoOperations implements Operations {
    @Override
    public Status status() {
      Position position = new Position(1, 1);
      return new Status(
          "alpha",
          "0.1.0",
          Role.PRIMARY,
          1,
          null,
          null,
          List.of(),
          new Status.PrimaryStatus("alpha", true),
          List.of(
              new MirrorStatus(
                  "www",
                  "/srv/www",
                  MirrorState.IN_SYNC,
                  position,
                  1,
                  1,
                  new CoverageStatus("fanotify", true, ""),
                  List.of(new StandbyStatus("beta", true, position, Lag.NONE)),
                  List.of(),
                  0,
                  null,
                  null)),
          List.of(),
          List.of(),
          List.of());
    }

    @Override
    public WaitResult waitForStandbys(Duration timeout) {
      return timeout.toMillis() == 1
          ? new WaitResult(false, 1, List.of("beta is not connected"))
          : new WaitResult(true, timeout.toMillis(), List.of());
    }

    @Override
    public VerifyResult verify(@Nullable String mirror, boolean repair, VerifyListener listener)
        throws WrongRequest {
      if ("none".equals(mirror)) {
        throw new WrongRequest("There is no mirror \"none\".");
      }
      listener.progress(new Progress(1, 2, 3, 4, 5, 6));
      listener.difference(new Difference("www", "beta", "a/b", "the content differs", repair));
      return new VerifyResult(57_049, 606_000_000, 1, repair ? 1 : 0, List.of());
    }

    @Override
    public Answer approve(@Nullable String mirror, Duration validFor) {
      return Answer.done("approved " + mirror + " " + validFor);
    }

    @Override
    public Answer reject(@Nullable String mirror) {
      return Answer.refused("nothing is held");
    }

    @Override
    public Answer changeRoles(RoleOrder order) {
      return Answer.done(order.toString());
    }

    @Override
    public Invitation invite(String node) {
      return new Invitation(node, "T0KEN", 3600);
    }
  }
}

package org.hotspare.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hotspare.health.Outcome.Failed;
import org.hotspare.health.Outcome.Passed;
import org.hotspare.linux.Child;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.testing.Await;
import org.hotspare.testing.Command;
import org.hotspare.testing.JavaProgram;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExecCheckTest {
  /** In the command lines of what this test starts, and of nothing else. */
  private final String marker = "3" + Math.abs(System.nanoTime() % 1_000_000_000_000L);

  private Leftovers leftovers = new Leftovers();

  @BeforeEach
  void startOnce() throws Exception {
    // What the first run opens for good.
    Looks.passes(new ExecCheck("true"));
    Leftovers.processes(marker);
    HttpCheckTest.awaitNoChecks();
    leftovers = new Leftovers();
  }

  private static Outcome look(String command) throws Exception {
    return new ExecCheck(command).look(new Attempt(Looks.LONG, System.nanoTime()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          true | UP | status 0
          echo one; echo two; echo | UP | status 0: two
          echo fine; echo broken >&2; exit 3 | DOWN | status 3: broken
          kill -9 $$ | DOWN | signal 9
          /nonexistent/program | DOWN | status 127: /bin/sh: 1: /nonexistent/program: not found
          cat; echo no input | UP | status 0: no input
          """)
  void theStatusDecidesAndTheLastLineIsTold(String command, Health health, String text)
      throws Exception {
    Standing standing = Looks.once(new ExecCheck(command), Looks.LONG);
    assertThat(standing.health()).isEqualTo(health);
    assertThat(standing.text()).isEqualTo(text);
  }

  @Test
  void theCommandHasNothingOfThisProcessButItsEnvironment() throws Exception {
    assertThat(look("grep SigBlk: /proc/self/status").text())
        .isEqualTo("status 0: SigBlk:\\x090000000000000000");
    // Its three, and the directory that is listed.
    assertThat(look("ls -l /proc/self/fd | grep -c ' -> '").text()).isEqualTo("status 0: 4");
    assertThat(look("echo $PATH").text()).isEqualTo("status 0: " + System.getenv("PATH"));
  }

  @Test
  void whatDoesNotEndIsKilledWithAllThatItStarted() throws Exception {
    String stubborn =
        "trap '' TERM INT HUP; sleep %1$s & (trap '' TERM; sleep %1$s) & echo waiting; sleep %1$s"
            .formatted(marker);
    assertThat(givenUpWhile(stubborn, 3)).contains(" ms, running the command, process ");
    leftovers.awaitNone(marker);
  }

  private long sleeping() {
    return Leftovers.processes(marker).stream()
        .filter(one -> one.info().commandLine().orElse("").matches("\\S*/sleep " + marker))
        .count();
  }

  /** Gives it up once this many of its processes sleep; says what it came to. */
  private String givenUpWhile(String command, int processes) throws Exception {
    Attempt attempt = new Attempt(Looks.LONG, System.nanoTime());
    try (ExecutorService one = Executors.newSingleThreadExecutor()) {
      Future<Outcome> outcome = one.submit(() -> new ExecCheck(command).look(attempt));
      Await.await("all of it runs", () -> sleeping() >= processes);
      String text = attempt.conclusion().text();
      attempt.giveUp();
      assertThat(outcome.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS)).isInstanceOf(Failed.class);
      // When the look is over, nothing is left, and not only some time later.
      assertThat(Leftovers.processes(marker)).isEmpty();
      return text;
    }
  }

  /**
   * Groups of their own, which a signal to the group of the shell does not reach. Debian's sh gives
   * jobs none where there is no terminal, and bash does.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "timeout 1000 sleep %1$s; echo",
        "timeout 1000 sh -c 'trap \"\" TERM; sleep %1$s; echo'; echo",
        "bash -c 'set -m; sleep %1$s & wait'; echo",
        "bash -c 'set -m; (set -m; sleep %1$s & wait) & wait'; echo",
      })
  void groupsOfTheirOwnAreKilledToo(String command) throws Exception {
    givenUpWhile(command.formatted(marker), 1);
    leftovers.awaitNone(marker);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "timeout 1000 sleep %1$s & exit 0",
        "bash -c 'set -m; sleep %1$s & exit 0'",
        "bash -c 'set -m; (set -m; sleep %1$s & exit) & exit 0'",
      })
  void groupsOfTheirOwnAreNotLeftBehind(String command) throws Exception {
    for (int i = 0; i < 50; i++) {
      assertThat(look(command.formatted(marker))).isEqualTo(new Passed("status 0"));
      assertThat(Leftovers.processes(marker)).isEmpty();
    }
    leftovers.awaitNone(marker);
  }

  @Test
  void whatASuccessfulCommandLeftDoesNotMakeItFail() throws Exception {
    try (LoopFileSystem disk = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 16)) {
      String waits = "while ! grep -q 'State:.D' /proc/$!/status; do sleep 0.01; done";
      String command = "touch " + disk.path() + "/left-" + marker + " & " + waits + "; echo done";
      Freeze frozen = Freeze.of(disk.path());
      leftovers = new Leftovers();
      try (frozen) {
        assertThat(Looks.givenUpAt("status 0: done", new ExecCheck(command), frozen::thaw))
            .isEqualTo("status 0: done");
      }
      leftovers.awaitNone(marker);
    }
  }

  @Test
  void whatGoesWrongHereLeavesNothingEither() throws Exception {
    Child child =
        Child.start(List.of("/bin/sh", "-c", "set -m; sleep " + marker + " & echo; wait"));
    try (child) {
      assertThatIllegalStateException()
          .isThrownBy(
              () ->
                  child.await(
                      printed -> {
                        throw new IllegalStateException("broken");
                      }));
    }
    leftovers.awaitNone(marker);
  }

  /** Runs commands that leave processes behind, and says how many are left that have ended. */
  static final class First {
    private First() {}

    public static void main(String[] arguments) throws Exception {
      Leftovers before = new Leftovers();
      for (int i = 0; i < 20; i++) {
        look("sleep 1000 & (sleep 1000 & sleep 1000 & exit) ; timeout 1000 sleep 1000 & exit 0");
      }
      System.out.println("process " + ProcessHandle.current().pid());
      System.out.println(Leftovers.processes("").stream().filter(one -> one.pid() != 1).toList());
      before.awaitNone("sleep");
    }
  }

  /** As in a container without a program that reaps what is left. */
  @Test
  void asTheMachinesFirstProcessItReapsWhatItKilled() {
    List<String> command =
        new ArrayList<>(List.of("unshare", "--pid", "--fork", "--mount-proc", "--kill-child"));
    command.addAll(JavaProgram.command(First.class));
    assertThat(Command.succeed(command)).isEqualTo("process 1\n[]\n");
  }

  @Test
  void grandchildrenThatKeepTheOutputOpenHoldNothingUp() throws Exception {
    assertThat(Looks.passes(new ExecCheck("sleep " + marker + " & echo started")))
        .isEqualTo("status 0: started");
    leftovers.awaitNone(marker);
  }

  @Test
  void whoPrintsWithoutEndIsEnded() throws Exception {
    assertThat(Looks.fails(new ExecCheck("yes " + marker)))
        .isEqualTo("the command printed more than 1048576 bytes");
    leftovers.awaitNone(marker);
  }

  @Test
  void aThousandLeaveNothingBehind() throws Exception {
    List<String> commands =
        List.of(
            "exit 0", "sleep " + marker + " & exit 1", "echo " + marker + " | cat", "kill -9 $$");
    List<Class<? extends Outcome>> outcomes =
        List.of(Passed.class, Failed.class, Passed.class, Failed.class);
    try (ExecutorService four = Executors.newFixedThreadPool(4)) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        int kind = i % 4;
        all.add(
            four.submit(
                () -> {
                  assertThat(look(commands.get(kind))).isInstanceOf(outcomes.get(kind));
                  return true;
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
    leftovers.awaitNone(marker);
  }

  /**
   * Processes that wait for a disk cannot be killed: while there are some no more are started, the
   * missing answer counts, and when the disk answers all is as before.
   */
  @Test
  void processesThatCannotBeKilledDoNotPileUp() throws Exception {
    Schedule schedule = new Schedule(Duration.ofMillis(500), Duration.ofMillis(400), 3, 1);
    try (LoopFileSystem disk = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 16)) {
      String alone = "touch " + disk.path() + "/alone-" + marker;
      String piped = "touch " + disk.path() + "/piped-" + marker;
      String timed = "touch " + disk.path() + "/timed-" + marker;
      String job = "touch " + disk.path() + "/job-" + marker;
      String asJob = "bash -c 'set -m; " + job + " & wait'; echo";
      Freeze frozen = Freeze.of(disk.path());
      try (frozen;
          Checks checks = Checks.start((now, before) -> {})) {
        checks.replace(
            List.of(
                new Check("alone", new ExecCheck(alone), schedule),
                new Check("piped", new ExecCheck(piped + " | cat"), schedule),
                new Check("timed", new ExecCheck("timeout 1000 " + timed + "; echo"), schedule),
                new Check("job", new ExecCheck(asJob), schedule)));
        Await.await(
            "all have been down for some periods",
            () -> checks.snapshot().size() == 4 && allHave(checks, -4) && allAreStuck(checks));
        for (Checked one : checks.snapshot()) {
          assertThat(one.standing().health()).isEqualTo(Health.DOWN);
        }
        for (String one : List.of(alone, piped, timed, job)) {
          assertThat(Leftovers.processes(one)).as(one).hasSize(1);
        }
        frozen.thaw();
        Await.await("all are up", () -> allHave(checks, 1));
      }
      leftovers.awaitNone(marker);
    }
  }

  private static boolean allAreStuck(Checks checks) {
    String stuck = "has not come back; before: no answer within";
    return checks.snapshot().stream().allMatch(one -> one.standing().text().contains(stuck));
  }

  /** Whether this many results in a row were such, or more. */
  private static boolean allHave(Checks checks, int inARow) {
    return checks.snapshot().stream()
        .allMatch(
            one ->
                inARow > 0 ? one.standing().inARow() >= inARow : one.standing().inARow() <= inARow);
  }

  @Test
  void closingEndsTheCommandThatRuns() throws Exception {
    List<Checked> heard = new CopyOnWriteArrayList<>();
    try (Checks checks = Checks.start((now, before) -> heard.add(now))) {
      Schedule schedule = new Schedule(Looks.LONG, Looks.LONG, 1, 1);
      checks.replace(List.of(new Check("c", new ExecCheck("sleep " + marker), schedule)));
      Await.await("it runs", () -> !Leftovers.processes(marker).isEmpty());
    }
    leftovers.awaitNone(marker);
    assertThat(heard).isEmpty();
  }
}

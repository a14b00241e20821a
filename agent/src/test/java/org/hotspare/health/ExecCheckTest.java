package org.hotspare.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.hotspare.health.Outcome.Failed;
import org.hotspare.health.Outcome.Passed;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.testing.Await;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExecCheckTest {
  private static final Duration SHORT = Duration.ofMillis(400);

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
    assertThat(Looks.failsWithin(SHORT, new ExecCheck(stubborn)))
        .startsWith("no answer within 400 ms, running the command, process ");
    leftovers.awaitNone(marker);
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
    Schedule schedule = new Schedule(Duration.ofMillis(500), SHORT, 3, 1);
    try (LoopFileSystem disk = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 16)) {
      String alone = "touch " + disk.path() + "/alone-" + marker;
      String piped = "touch " + disk.path() + "/piped-" + marker;
      Freeze frozen = Freeze.of(disk.path());
      try (frozen;
          Checks checks = Checks.start((now, before) -> {})) {
        checks.replace(
            List.of(
                new Check("alone", new ExecCheck(alone), schedule),
                new Check("piped", new ExecCheck(piped + " | cat"), schedule)));
        Await.await(
            "both have been down for some periods",
            () -> checks.snapshot().size() == 2 && allHave(checks, -4));
        for (Checked one : checks.snapshot()) {
          assertThat(one.standing().health()).isEqualTo(Health.DOWN);
          assertThat(one.standing().text()).contains("has not come back; before: no answer within");
        }
        assertThat(Leftovers.processes(alone)).hasSize(1);
        assertThat(Leftovers.processes(piped)).hasSize(1);
        frozen.thaw();
        Await.await("both are up", () -> allHave(checks, 1));
      }
      leftovers.awaitNone(marker);
    }
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

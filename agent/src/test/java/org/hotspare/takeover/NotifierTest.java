package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class NotifierTest extends CommandFixture {
  private final List<String> problems = new CopyOnWriteArrayList<>();

  private Notifier notifier(String command, Duration timeout, int maxWaiting) {
    return Notifier.start(
        command,
        Set.of("role", "held"),
        timeout,
        maxWaiting,
        Map.of("HOTSPARE_NODE", "alpha"),
        problems::add);
  }

  private String told() {
    return "read -r line; "
        + journal.write("$HOTSPARE_OCCASION $HOTSPARE_NODE $HOTSPARE_DROPPED $line");
  }

  @Test
  void whatIsWantedIsToldInItsOrder() throws Exception {
    List<String> expected = new ArrayList<>();
    try (Notifier notifier = notifier("sleep 0.0$(($$ % 3)); " + told(), LONG, 100)) {
      for (int i = 0; i < 10; i++) {
        notifier.tell("role", "{\"n\":" + i + "}");
        notifier.tell("lag", "{}");
        expected.add("role alpha 0 {\"n\":" + i + "}");
      }
      await("all are told", () -> journal.lines().size() == 10);
    }
    assertThat(journal.lines()).isEqualTo(expected);
  }

  @Test
  void theEventIsOnItsInputAndInItsEnvironmentAsItIs() throws Exception {
    String json = "{\"text\":\"$HOME `date` 'quoted' \\\"é\\\" %s \\n\"}";
    Path input = directory.resolve("input");
    Path variable = directory.resolve("variable");
    String command = "cat >%s; printf '%%s\\n' \"$HOTSPARE_EVENT\" >%s".formatted(input, variable);
    try (Notifier notifier = notifier(command, LONG, 1)) {
      notifier.tell("held", json);
      await("it is told", () -> variable.toFile().length() > 0);
    }
    assertThat(Files.readString(input)).isEqualTo(json + "\n");
    assertThat(Files.readString(variable)).isEqualTo(json + "\n");
  }

  @Test
  void pastTheBoundTheOldestAreLeftOutAndNobodyWaits() throws Exception {
    Path go = directory.resolve("go");
    String patient = "while ! test -e %s; do sleep 0.02; done; ".formatted(go);
    try (Notifier notifier = notifier(journal.write("begun") + "; " + patient + told(), LONG, 3)) {
      notifier.tell("role", "first");
      await("the first is being told", () -> !journal.lines().isEmpty());
      for (int i = 0; i < 10; i++) {
        notifier.tell("role", "n" + i);
      }
      // All that was told above came back while the command waits.
      assertThat(journal.lines()).containsExactly("begun");
      Files.createFile(go);
      await("the last is told", () -> journal.lines().contains("role alpha 0 n9"));
    }
    assertThat(journal.lines().stream().filter(line -> !line.equals("begun")))
        .containsExactly(
            "role alpha 0 first", "role alpha 7 n7", "role alpha 0 n8", "role alpha 0 n9");
  }

  @Test
  void oneThatHangsOrFailsIsNoHindranceToTheNext() throws Exception {
    String command =
        "case $HOTSPARE_EVENT in hang) trap '' TERM; %s;; fail) exit 1;; esac; %s"
            .formatted(sleepers.command(), told());
    try (Notifier notifier = notifier(command, Duration.ofSeconds(2), 10)) {
      notifier.tell("role", "hang");
      notifier.tell("role", "fail");
      notifier.tell("role", "last");
      await("the last is told", () -> journal.lines().contains("role alpha 0 last"));
    }
    sleepers.awaitNone();
    assertThat(journal.lines()).hasSize(1);
    assertThat(problems).hasSize(2);
    assertThat(problems.getFirst())
        .startsWith("the command of notify: failed: no end within 2.0 s");
    assertThat(problems.getLast()).isEqualTo("the command of notify: works again");
  }

  @Test
  void closingEndsACommandThatHangsAndTakesNoMore() throws Exception {
    Notifier notifier = notifier(sleepers.command() + "; true", LONG, 10);
    notifier.tell("role", "one");
    notifier.tell("role", "two");
    sleepers.awaitSome(1);
    notifier.close();
    sleepers.awaitNone();
    notifier.tell("role", "three");
    assertThat(sleepers.all()).isEmpty();
  }

  /** Who tells it goes on, and so does the thread that delivers. */
  @Test
  void anEventThatNoEnvironmentHoldsIsLeftOutAndCounted() throws Exception {
    try (Notifier notifier = notifier(told(), LONG, 10)) {
      notifier.tell("role", "x".repeat(100_000));
      notifier.tell("role", "a\0b");
      notifier.tell("role", "next");
      await("the next is told", () -> journal.lines().contains("role alpha 2 next"));
    }
  }
}

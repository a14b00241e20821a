package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operator's command hears of what happens, and nothing waits for it. */
final class NotifyTest {
  private static final int FILES = 40;

  @TempDir Path base;

  private static List<String> lines(Path file) {
    try {
      return Files.exists(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the audit log of a node has of the command itself. */
  private static List<String> ofCommand(TestPair.Side side) {
    return lines(side.state().resolve("events.jsonl")).stream()
        .filter(line -> line.contains("\"kind\":\"notify\""))
        .toList();
  }

  @Test
  void whatHappensIsToldAndThatItCannotBeIsInTheEventsOnce() throws Exception {
    Path told = base.resolve("told");
    Path tried = base.resolve("tried");
    Path works = base.resolve("works");
    Path command = base.resolve("tell");
    Files.writeString(
        command,
        """
        #!/bin/sh
        test -e %s || { echo >>%s; echo not yet; exit 3; }
        read -r event
        echo "$HOTSPARE_OCCASION $HOTSPARE_NODE $event" >>%s
        """
            .formatted(works, tried, told));
    assertThat(command.toFile().setExecutable(true)).isTrue();
    String extra =
        """
        guard: {deletions: 10, share: 10%%, within: 60s}
        notify: {command: %s, on: [held, lag]}
        """
            .formatted(command);
    Path copy = base.resolve("beta/tree");
    try (TestPair pair = TestPair.make(base, base.resolve("alpha/tree"), copy, "", extra)) {
      pair.start();
      for (int i = 0; i < FILES; i++) {
        Files.createDirectory(pair.alpha().tree().resolve("d" + i));
      }
      pair.assertSame();
      for (int i = 0; i < FILES; i++) {
        Files.delete(pair.alpha().tree().resolve("d" + i));
      }
      TestPair.await("it is told that it failed", () -> !ofCommand(pair.beta()).isEmpty());
      assertThat(ofCommand(pair.beta()).getFirst()).contains("failed: status 3: not yet");

      pair.alpha().operations().approve(null, Duration.ZERO);
      TestPair.await("it is told of the next one, too", () -> lines(tried).size() >= 2);
      Files.createFile(works);
      pair.beta().stop();
      TestPair.await("the standby's absence is told", () -> !lines(told).isEmpty());
      assertThat(lines(told).getFirst())
          .startsWith("lag alpha {\"time\":")
          .contains("\"text\":\"standby beta is not connected\"");
      assertThat(ofCommand(pair.beta())).hasSize(1);
    }
  }
}

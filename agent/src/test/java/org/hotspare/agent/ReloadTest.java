package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.hotspare.admin.AdminClient;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.MirrorState;
import org.hotspare.admin.Status;
import org.hotspare.testing.Command;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a configuration file that is changed while the agents run. */
final class ReloadTest {
  @TempDir Path base;

  private Path file(String node) {
    return base.resolve(node).resolve("hotspare.yaml");
  }

  private void edit(String node, String from, String to) throws Exception {
    String text = Files.readString(file(node));
    assertThat(text).contains(from);
    Files.writeString(file(node), text.replace(from, to));
  }

  private static List<Status.Differing> differing(TestPair.Side side) {
    return side.operations().status().differing();
  }

  /** The last that was recorded of its configuration. */
  private String lastEvent(String node) throws Exception {
    return Files.readAllLines(base.resolve(node).resolve("state/events.jsonl")).stream()
        .filter(event -> event.contains("\"kind\":\"configuration\""))
        .reduce("none", (_, later) -> later);
  }

  @Test
  void theGuardAndTheCommandChangeWithoutARestart() throws Exception {
    try (TestPair pair = TestPair.make(base).start()) {
      for (int i = 0; i < 10; i++) {
        Files.writeString(pair.alpha().tree().resolve("f" + i), "content " + i);
      }
      pair.assertSame();
      Path told = base.resolve("told");
      String guard = "\nguard: {deletions: 3, share: 10%}\n";
      for (TestPair.Side side : List.of(pair.alpha(), pair.beta())) {
        edit(side.name, "\nprimary: alpha\n", guard + "primary: alpha\n");
        edit(
            side.name,
            "path: " + pair.alpha().tree(),
            "path: %s, on-change: \"touch %s\"".formatted(pair.alpha().tree(), told));
        side.agent().reload();
        assertThat(lastEvent(side.name)).contains("changed: guard, mirrors.www.on-change");
        assertThat(side.operations().status().needingRestart()).isEmpty();
      }
      Files.writeString(pair.alpha().tree().resolve("new"), "new");
      TestPair.await("the command runs", () -> Files.exists(told));

      Command.succeed(List.of("/bin/sh", "-c", "rm " + pair.alpha().tree() + "/f*"));
      TestPair.await("held", () -> pair.beta().mirror().state() == MirrorState.HELD);
      pair.alpha().operations().approve(null, Duration.ofMinutes(1));
      pair.assertSame();
    }
  }

  @Test
  void aFileThatIsWrongOrNeedsARestartChangesNothing() throws Exception {
    try (TestPair pair = TestPair.make(base).start()) {
      edit("alpha", "mirrors:", "mirors:");
      pair.alpha().agent().reload();
      assertThat(lastEvent("alpha"))
          .contains("the configuration in use stays")
          .contains("hotspare.yaml:")
          .contains("\\\"mirrors\\\" is missing");

      edit("alpha", "mirors:", "mirrors:\n  more: {path: /srv/hotspare-more}");
      pair.alpha().agent().reload();
      assertThat(pair.alpha().operations().status().needingRestart()).containsExactly("mirrors");
      assertThat(lastEvent("alpha")).contains("at the next start: mirrors");
      Files.writeString(pair.alpha().tree().resolve("still"), "mirrored");
      pair.assertSame();
    }
  }

  @Test
  void bothNodesShowWhereTheirFilesDiffer() throws Exception {
    try (TestPair pair = TestPair.make(base).start()) {
      pair.barrier();
      assertThat(differing(pair.alpha())).isEmpty();
      edit("beta", "\nprimary: alpha\n", "\nprimary: alpha\nguard: {deletions: 5}\n");
      pair.beta().agent().reload();
      TestPair.await("noticed on alpha", () -> !differing(pair.alpha()).isEmpty());
      assertThat(differing(pair.alpha()))
          .containsExactly(new Status.Differing("beta", List.of("guard")));
      assertThat(differing(pair.beta()))
          .containsExactly(new Status.Differing("alpha", List.of("guard")));
      assertThat(lastEvent("alpha")).contains("the configuration of beta differs");

      edit("alpha", "\nprimary: alpha\n", "\nprimary: alpha\nguard: {deletions: 5}\n");
      pair.alpha().agent().reload();
      TestPair.await("noticed on beta", () -> differing(pair.beta()).isEmpty());
      assertThat(differing(pair.alpha())).isEmpty();
    }
  }

  @Test
  void sighupReadsTheFileAndEndsNothing() throws Exception {
    TestPair pair = TestPair.make(base);
    // Who ignores the signal, as under nohup, has its children ignore it.
    List<String> command = new ArrayList<>(List.of("/usr/bin/env", "--default-signal=HUP"));
    command.addAll(PackedAgent.command());
    command.addAll(List.of("run", "--config", file("alpha").toString(), "--node", "alpha"));
    Process agent =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(base.resolve("log").toFile())
            .start();
    try {
      AdminClient client = new AdminClient(pair.alpha().state());
      TestPair.await("started", () -> needingRestart(client).equals(List.of()));
      edit("alpha", "\nmirrors:\n", "\nmirrors:\n  more: {path: /srv/hotspare-more}\n");
      Command.succeed(List.of("kill", "-HUP", String.valueOf(agent.pid())));
      TestPair.await("read again", () -> needingRestart(client).equals(List.of("mirrors")));
      assertThat(agent.isAlive()).isTrue();
    } finally {
      agent.destroy();
      assertThat(agent.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static List<String> needingRestart(AdminClient client) {
    try {
      return client.status().needingRestart();
    } catch (CommandFailure notYet) {
      return List.of("not started");
    }
  }
}

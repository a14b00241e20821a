package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.hotspare.testing.Await;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Only the status 0 says that another machine is off. */
final class FenceTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path base;

  private static Fence.Verdict ask(String command, Duration timeout) throws InterruptedException {
    return new Fence(command, timeout, Map.of("HOTSPARE_FENCED", "beta")).ask(7);
  }

  @Test
  void itConfirmsByStatusZero() throws Exception {
    Path asked = base.resolve("asked");
    String command = "echo \"$HOTSPARE_FENCED $HOTSPARE_EPOCH\" >" + asked;
    assertThat(ask(command, LONG).off()).isTrue();
    assertThat(asked).hasContent("beta 7");
  }

  @Test
  void nothingElseConfirms() throws Exception {
    for (String command :
        new String[] {"echo no power switch; exit 1", "exit 2", "kill -9 $$", "/no/such/program"}) {
      assertThat(ask(command, LONG).off()).as(command).isFalse();
    }
    assertThat(ask("echo no power switch; exit 1", LONG).how()).contains("1", "no power switch");
  }

  @Test
  void oneThatHangsIsKilledAndConfirmsNothing() throws Exception {
    Path number = base.resolve("number");
    String command = "echo $$ >%s; sleep 600; exit 0".formatted(number);
    Fence.Verdict verdict = ask(command, Duration.ofMillis(500));
    assertThat(verdict.off()).isFalse();
    assertThat(verdict.how()).contains("no end within 0.5 s");
    if (Files.exists(number) && !Files.readString(number).isBlank()) {
      Path process = Path.of("/proc", Files.readString(number).strip());
      Await.await("it is gone", () -> !Files.exists(process));
    }
  }
}

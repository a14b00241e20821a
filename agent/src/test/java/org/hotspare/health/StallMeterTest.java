package org.hotspare.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.hotspare.testing.Await;
import org.hotspare.testing.Command;
import org.hotspare.testing.JavaProgram;
import org.junit.jupiter.api.Test;

class StallMeterTest {
  /** Answers each line with the longest stall so far, in milliseconds. */
  static final class Measured {
    private Measured() {}

    public static void main(String[] arguments) throws IOException {
      try (StallMeter meter = StallMeter.start();
          BufferedReader asked =
              new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
        System.out.println("ready");
        while (asked.readLine() != null) {
          System.out.println(meter.stalls().longest().toMillis());
        }
      }
    }
  }

  @Test
  void aStoppedProcessIsSeenWhenItRunsAgain() throws Exception {
    Process process =
        new ProcessBuilder(JavaProgram.command(Measured.class))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader answers = process.inputReader(StandardCharsets.UTF_8);
        Writer questions = process.outputWriter(StandardCharsets.UTF_8)) {
      assertThat(answers.readLine()).isEqualTo("ready");
      Command.succeed(List.of("kill", "-STOP", Long.toString(process.pid())));
      long stopped = System.nanoTime();
      Await.await("half a second has passed", () -> System.nanoTime() - stopped > 500_000_000);
      Command.succeed(List.of("kill", "-CONT", Long.toString(process.pid())));
      Await.await("the stall is in what it says", () -> ask(questions, answers) >= 400);
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static long ask(Writer questions, BufferedReader answers) {
    try {
      questions.write("?\n");
      questions.flush();
      return Long.parseLong(answers.readLine());
    } catch (IOException e) {
      throw new AssertionError("the measured process does not answer", e);
    }
  }
}

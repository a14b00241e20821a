package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.testing.Command;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a new user sees of a takeover. */
final class DrillTest {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  @TempDir Path base;

  private Command.Result hotspare(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("/usr/bin/env", "--chdir=" + base));
    command.addAll(PackedAgent.command());
    command.addAll(List.of(arguments));
    return Command.run(LIMIT, command);
  }

  @Test
  void theStandbyTakesOverAndThePrimaryComesBack() throws Exception {
    Command.Result drill = hotspare("try", "--drill");
    System.out.println(drill.output());
    assertThat(drill.output())
        .contains("alpha dies", "beta is primary, of epoch 2", "alpha is back", "The drill held.");
    assertThat(drill.status()).isZero();

    Command.Result again = hotspare("try", "--drill");
    assertThat(again.status()).isEqualTo(1);
    assertThat(again.output()).contains("is there from an earlier time");
    assertThat(hotspare("try", "--clean").status()).isZero();
    assertThat(base).isEmptyDirectory();
  }
}

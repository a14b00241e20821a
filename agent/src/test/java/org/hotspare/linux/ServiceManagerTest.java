package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hotspare.testing.Await.await;

import java.nio.file.Path;
import java.time.Duration;
import org.hotspare.testing.Background;
import org.hotspare.testing.Command;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ServiceManagerTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir Path base;

  @Test
  void aSocketOfTheFilesystemIsTold() throws Exception {
    isTold(base.resolve("notify").toString());
  }

  @Test
  void aSocketWithoutAFileIsTold() throws Exception {
    isTold("@hotspare-test-" + ProcessHandle.current().pid() + "-" + System.nanoTime());
  }

  private static void isTold(String socket) throws Exception {
    try (Background manager = new Background(Command.script("notified", socket))) {
      await("it listens", LIMIT, () -> manager.output().contains("listening"));
      ServiceManager.tell(socket, "READY=1\nSTATUS=fine");
      ServiceManager.tell(socket, "STOPPING=1");
      await("it was told", LIMIT, () -> manager.output().contains("STOPPING"));
      assertThat(manager.lines())
          .containsExactly("listening", "READY=1", "STATUS=fine", "STOPPING=1");
    }
  }

  @Test
  void whereNobodyListensItFails() {
    assertThatThrownBy(() -> ServiceManager.tell(base.resolve("none").toString(), "READY=1"))
        .isInstanceOf(LinuxException.class)
        .hasMessageContaining("ENOENT");
  }

  @Test
  void noNameAndOneThatIsTooLongAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> ServiceManager.tell("", "READY=1"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ServiceManager.tell("/" + "x".repeat(107), "READY=1"));
  }
}

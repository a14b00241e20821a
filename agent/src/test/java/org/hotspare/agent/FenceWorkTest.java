package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.hotspare.failover.Fencing;
import org.hotspare.failover.Fencing.Answer;
import org.hotspare.takeover.Fence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is known of the fence at each moment. */
final class FenceWorkTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path base;

  private final List<String> news = new CopyOnWriteArrayList<>();

  private FenceWork of(String command, Duration timeout) {
    return new FenceWork(new Fence(command, timeout, Map.of()), () -> {}, news::add);
  }

  private static void awaitAnswer(FenceWork work, Fencing answer) throws InterruptedException {
    await("it says " + answer, () -> work.last().equals(answer));
  }

  @Test
  void itIsAskedUntilItAnswers() throws Exception {
    Path off = base.resolve("off");
    try (FenceWork work = of("while [ ! -e %s ]; do sleep 0.05; done".formatted(off), LONG)) {
      assertThat(work.last()).isEqualTo(Fencing.NONE);
      work.ask(5);
      assertThat(work.last()).isEqualTo(new Fencing(5, Answer.ASKED));
      Files.createFile(off);
      awaitAnswer(work, new Fencing(5, Answer.OFF));
      assertThat(news.toString()).contains("the other node is off");
    }
  }

  @Test
  void whatFailsOrHangsOrIsMissingKnowsNothing() throws Exception {
    try (FenceWork failing = of("exit 3", LONG);
        FenceWork hanging = of("sleep 600", Duration.ofMillis(300));
        FenceWork none = new FenceWork(null, () -> {}, news::add)) {
      for (FenceWork work : List.of(failing, hanging, none)) {
        work.ask(5);
        awaitAnswer(work, new Fencing(5, Answer.UNKNOWN));
      }
    }
  }

  /** It is killed for the next question, and what it might have said counts no more. */
  @Test
  void anAnswerIsOfTheLastQuestion() throws Exception {
    try (FenceWork work = of("[ $HOTSPARE_EPOCH = 6 ] || sleep 600; exit 4", LONG)) {
      work.ask(5);
      work.ask(6);
      awaitAnswer(work, new Fencing(6, Answer.UNKNOWN));
      assertThat(news).hasSize(1);
    }
  }
}

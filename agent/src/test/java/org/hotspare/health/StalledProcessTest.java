package org.hotspare.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hotspare.testing.Await;
import org.hotspare.testing.Command;
import org.hotspare.testing.JavaProgram;
import org.junit.jupiter.api.Test;

/** What a process says of others that was itself stopped for a while. */
class StalledProcessTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  /** Makes one look at a URL, and says how that stands then. */
  static final class Looking {
    private Looking() {}

    public static void main(String[] arguments) throws Exception {
      HttpCheck check = new HttpCheck(URI.create(arguments[0]), List.of(), "");
      Standing standing = Looks.once(check, TIMEOUT);
      System.out.println(standing.health() + " " + standing.text());
    }
  }

  private static void signal(Process process, String name) {
    Command.succeed(List.of("kill", "-" + name, Long.toString(process.pid())));
  }

  private static void awaitSince(long startNanos, Duration time) throws InterruptedException {
    Await.await(time + " have passed", () -> System.nanoTime() - startNanos >= time.toNanos());
  }

  /** What a look says whose process is stopped when it has asked, and the server's answer comes. */
  private interface Story {
    void tell(Process process, CountDownLatch answer) throws InterruptedException;
  }

  private static String said(Story story) throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    WebServer.Manners manners =
        with -> {
          with.hear();
          asked.countDown();
          await(answer);
          with.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        };
    try (WebServer server = WebServer.start(manners)) {
      Process process =
          new ProcessBuilder(JavaProgram.command(Looking.class, server.url("/")))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try (BufferedReader said = process.inputReader(StandardCharsets.UTF_8)) {
        await(asked);
        signal(process, "STOP");
        story.tell(process, answer);
        return said.readLine();
      } finally {
        answer.countDown();
        process.destroyForcibly().waitFor();
      }
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(Await.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** It answers when more than the timeout has passed, but not for who was stopped meanwhile. */
  @Test
  void aStallWithinALookIsNotTheServersFault() throws Exception {
    Story story =
        (process, answer) -> {
          long start = System.nanoTime();
          awaitSince(start, TIMEOUT.multipliedBy(8).dividedBy(10));
          signal(process, "CONT");
          awaitSince(start, TIMEOUT.multipliedBy(13).dividedBy(10));
          answer.countDown();
        };
    assertThat(said(story)).isEqualTo("UP status 200 OK");
  }

  /** It answered while this process was stopped, for longer than any timeout. */
  @Test
  void anAnswerThatWaitedForThisProcessIsTaken() throws Exception {
    Story story =
        (process, answer) -> {
          answer.countDown();
          awaitSince(System.nanoTime(), TIMEOUT.multipliedBy(2));
          signal(process, "CONT");
        };
    assertThat(said(story)).isEqualTo("UP status 200 OK");
  }
}

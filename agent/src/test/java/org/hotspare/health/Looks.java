package org.hotspare.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hotspare.testing.Await;

/** Makes a single look as the agent would. */
final class Looks {
  /** For what is to answer, however busy the machine is. */
  static final Duration LONG = Duration.ofSeconds(60);

  private Looks() {}

  /** How the check stands after its first look. */
  static Standing once(Probe probe, Duration timeout) throws InterruptedException {
    BlockingQueue<Standing> results = new ArrayBlockingQueue<>(100);
    Schedule schedule = new Schedule(Duration.ofHours(1), timeout, 1, 1);
    try (Checks checks = Checks.start((now, before) -> results.add(now.standing()))) {
      checks.replace(List.of(new Check("once", probe, schedule)));
      Standing first = results.poll(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
      if (first == null) {
        throw new AssertionError("no result of " + probe);
      }
      return first;
    }
  }

  /** What it says when it works. */
  static String passes(Probe probe) throws InterruptedException {
    return of(Health.UP, probe);
  }

  /** Why this process cannot look. */
  static String isUnable(Probe probe) throws InterruptedException {
    Standing standing = once(probe, LONG);
    assertThat(standing.health()).isEqualTo(Health.UNKNOWN);
    assertThat(standing.unable()).isNotEmpty();
    return standing.unable();
  }

  /** What it says when it does not. */
  static String fails(Probe probe) throws InterruptedException {
    return of(Health.DOWN, probe);
  }

  /**
   * What it says when it does not answer at all and is given up once it is at this, however long it
   * takes to come to it; returns when it has come back from there.
   */
  static String givenUpAt(String at, Probe probe) throws InterruptedException {
    return givenUpAt(at, probe, () -> {});
  }

  /**
   * @param then done once it is given up
   */
  static String givenUpAt(String at, Probe probe, Runnable then) throws InterruptedException {
    Attempt attempt = new Attempt(LONG, System.nanoTime());
    CompletableFuture<Void> looking = new CompletableFuture<>();
    Thread.ofPlatform()
        .name("check-given-up")
        .daemon()
        .start(
            () -> {
              try {
                probe.look(attempt);
              } catch (IOException | InterruptedException ended) {
                // As it may, since it was given up.
              } finally {
                looking.complete(null);
              }
            });
    Await.await("it is at " + at, () -> isAt(at, attempt, looking));
    String text = attempt.conclusion().text();
    attempt.giveUp();
    then.run();
    Await.await("it comes back", looking::isDone);
    return text;
  }

  private static boolean isAt(String at, Attempt attempt, Future<?> looking) {
    String text = attempt.conclusion().text();
    assertThat(looking).as("it is at: %s", text).isNotDone();
    return text.contains(at);
  }

  private static String of(Health health, Probe probe) throws InterruptedException {
    Standing standing = once(probe, LONG);
    if (standing.health() != health) {
      throw new AssertionError(probe + " is " + standing);
    }
    return standing.text();
  }
}

package org.hotspare.health;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.hotspare.testing.Await;

/** Makes a single look as the agent would. */
final class Looks {
  /** For what is to answer, however busy the machine is. */
  static final Duration LONG = Duration.ofSeconds(60);

  private Looks() {}

  /** How the check stands after its first result: UP or DOWN. */
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
    return of(Health.UP, probe, LONG);
  }

  /** What it says when it does not. */
  static String fails(Probe probe) throws InterruptedException {
    return of(Health.DOWN, probe, LONG);
  }

  /** What it says when it does not within this time. */
  static String failsWithin(Duration timeout, Probe probe) throws InterruptedException {
    return of(Health.DOWN, probe, timeout);
  }

  private static String of(Health health, Probe probe, Duration timeout)
      throws InterruptedException {
    Standing standing = once(probe, timeout);
    if (standing.health() != health) {
      throw new AssertionError(probe + " is " + standing);
    }
    return standing.text();
  }
}

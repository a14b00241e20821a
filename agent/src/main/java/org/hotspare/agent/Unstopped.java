package org.hotspare.agent;

import java.time.Duration;

/**
 * That services of a node that gave its role up could not be stopped, and when that is tried again:
 * after pauses that double up to a minute. For several threads.
 */
final class Unstopped {
  static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  /** All guarded by this. */
  private String problem = "";

  private int attempts;
  private long dueNanos;

  /** They could not be stopped, once more. */
  synchronized void failed(String why, long nowNanos) {
    problem = why;
    attempts++;
    dueNanos = nowNanos + pause(attempts).toNanos();
  }

  private static Duration pause(int attempts) {
    Duration pause = FIRST_PAUSE;
    for (int i = 1; i < attempts && pause.compareTo(LONGEST_PAUSE) < 0; i++) {
      pause = pause.multipliedBy(2);
    }
    return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
  }

  /**
   * They are stopped, or are to run again.
   *
   * @return how often that had failed
   */
  synchronized int over() {
    int failures = attempts;
    problem = "";
    attempts = 0;
    return failures;
  }

  /** Whether it is to be tried again now. */
  synchronized boolean isDue(long nowNanos) {
    return attempts > 0 && nowNanos - dueNanos >= 0;
  }

  /** Why they could not be stopped; empty where they are not to be. */
  synchronized String problem() {
    return attempts == 0
        ? ""
        : "%d attempts to stop them failed, tried again: %s".formatted(attempts, problem);
  }
}

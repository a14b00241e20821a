package org.hotspare.takeover;

import java.time.Duration;

/**
 * When to announce an address: in a burst, since who has just been connected, or is busy, does not
 * hear the first; then again and again, since nobody says whether it was heard. A burst begins anew
 * when another machine claims the address, yet not before the last one was a second old: two that
 * answer each other must not fill the network. Pure; times are nanoseconds of one clock.
 */
final class Announcements {
  /** After the start of a burst. */
  private static final long[] BURST_MILLIS = {0, 200, 600, 1_500, 3_000, 5_000};

  static final Duration REFRESH = Duration.ofSeconds(10);
  static final Duration MIN_BETWEEN_BURSTS = Duration.ofSeconds(1);

  private long startNanos;

  /** How many announcements since the start were due. */
  private int past;

  private boolean running;

  /** Begins a burst. */
  void start(long nowNanos) {
    startNanos = nowNanos;
    past = 0;
    running = true;
  }

  /** Another claimed the address: a burst begins, unless one is under way that answers soon. */
  void claimed(long nowNanos) {
    if (running && nowNanos - startNanos >= MIN_BETWEEN_BURSTS.toNanos()) {
      start(nowNanos);
    }
  }

  void stop() {
    running = false;
  }

  boolean isRunning() {
    return running;
  }

  /** When the next one is due. */
  long dueNanos() {
    int after = past - BURST_MILLIS.length;
    long millis =
        after < 0
            ? BURST_MILLIS[past]
            : BURST_MILLIS[BURST_MILLIS.length - 1] + (after + 1) * REFRESH.toMillis();
    return startNanos + millis * 1_000_000;
  }

  /** Whether one is due; then the next one is a later one, whatever was missed. */
  boolean take(long nowNanos) {
    if (!running || nowNanos - dueNanos() < 0) {
      return false;
    }
    while (nowNanos - dueNanos() >= 0) {
      past++;
    }
    return true;
  }
}

package org.hotspare.watch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * When to look again at what could not be looked at: after a second, and as long as it fails, after
 * pauses that double up to five minutes. Pure: the time is an input, as of {@code
 * System.nanoTime()}. Not for several threads.
 */
final class Retries {
  private static final long FIRST_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long LAST_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final Map<Place, Retry> retries = new LinkedHashMap<>();

  private static final class Retry {
    long pauseNanos = FIRST_NANOS;
    long dueNanos;

    /** Whether it was taken, and has not failed since. */
    boolean running;

    void putOff(long now) {
      running = false;
      pauseNanos = Math.min(LAST_NANOS, pauseNanos * 2);
      dueNanos = now + pauseNanos;
    }
  }

  /** It could not be looked at. */
  void failed(Place place, long now) {
    Retry retry = retries.get(place);
    if (retry == null) {
      retry = new Retry();
      retry.dueNanos = now + retry.pauseNanos;
      retries.put(place, retry);
    } else if (retry.running) {
      // Not for each failure: what is busy would never have its turn.
      retry.putOff(now);
    }
  }

  boolean isDue(long now) {
    return retries.values().stream().anyMatch(retry -> isDue(retry, now));
  }

  private static boolean isDue(Retry retry, long now) {
    return !retry.running && now - retry.dueNanos >= 0;
  }

  /** What is to be looked at now; {@link #putOff} is to follow once it was tried. */
  List<Place> takeDue(long now) {
    List<Place> due = new ArrayList<>();
    retries.forEach(
        (place, retry) -> {
          if (isDue(retry, now)) {
            retry.running = true;
            due.add(place);
          }
        });
    return due;
  }

  /** All that was taken was tried: what is not {@link #over} waits for its next turn. */
  void putOff(long now) {
    retries.values().stream().filter(retry -> retry.running).forEach(retry -> retry.putOff(now));
  }

  /** It was looked at, or is gone. */
  void over(Place place) {
    retries.remove(place);
  }
}

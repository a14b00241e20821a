package org.hotspare.mirror;

import java.time.Duration;
import java.util.Optional;

/**
 * For how long a standby's copy has lacked something, as far as its primary told. While it is not
 * connected, it lacks whatever there may be.
 *
 * <p>Written by the owning thread; any may ask, and waits for nothing.
 */
final class Freshness {
  private volatile boolean lacking = true;

  /** When it lacked nothing last; of no meaning before it ever did. */
  private volatile long fullNanos;

  private volatile boolean everFull;

  /** It has all of which the primary told. */
  void full() {
    fullNanos = System.nanoTime();
    everFull = true;
    lacking = false;
  }

  /** There is more, or nobody to tell whether there is. */
  void lacks() {
    if (!lacking) {
      fullNanos = System.nanoTime();
      lacking = true;
    }
  }

  /** Zero while nothing is lacking; empty where it never was so since this agent was started. */
  Optional<Duration> lag() {
    if (!lacking) {
      return Optional.of(Duration.ZERO);
    }
    return everFull
        ? Optional.of(Duration.ofNanos(System.nanoTime() - fullNanos))
        : Optional.empty();
  }
}

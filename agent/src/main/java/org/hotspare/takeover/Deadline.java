package org.hotspare.takeover;

import java.io.IOException;
import java.time.Duration;

/** An instant of {@link System#nanoTime} until which something has to be over. */
record Deadline(long nanos) {
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(5);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);

  /** Something that may be asked again and again. */
  @FunctionalInterface
  interface Condition {
    boolean holds() throws ServiceException, InterruptedException, IOException;
  }

  static Deadline after(Duration time) {
    return new Deadline(System.nanoTime() + time.toNanos());
  }

  /** When half of what is left of it is over. */
  Deadline half() {
    return after(remaining().dividedBy(2));
  }

  /** This, or the end of that time from now if it comes earlier. */
  Deadline orWithin(Duration time) {
    return remaining().compareTo(time) < 0 ? this : after(time);
  }

  /** Zero when it has passed. */
  Duration remaining() {
    return Duration.ofNanos(Math.max(0, nanos - System.nanoTime()));
  }

  /** For a question that is to be answered even when this is about to pass. */
  Duration remainingAtLeast(Duration least) {
    Duration remaining = remaining();
    return remaining.compareTo(least) < 0 ? least : remaining;
  }

  /**
   * Asks until the condition holds, in pauses that grow to half a second.
   *
   * @return false if it did not hold when this had passed
   */
  boolean await(Condition condition) throws ServiceException, InterruptedException, IOException {
    Duration pause = SHORTEST_PAUSE;
    while (!condition.holds()) {
      Duration remaining = remaining();
      if (remaining.isZero()) {
        return false;
      }
      Thread.sleep(remaining.compareTo(pause) < 0 ? remaining : pause);
      pause = pause.multipliedBy(2);
      pause = pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }
    return true;
  }
}

package org.hotspare.health;

import java.time.Duration;

/** What wakings say about stalls. Owned by one thread. */
final class StallRecord {
  /** Two of them are what is recent. */
  static final long WINDOW_NANOS = Duration.ofSeconds(60).toNanos();

  private final long periodNanos;
  private long lastNanos;
  private long windowStartNanos;
  private long longest;
  private long inWindow;
  private long inWindowBefore;

  /**
   * @param periodNanos after which it is to be woken each time
   */
  StallRecord(long periodNanos, long nowNanos) {
    this.periodNanos = periodNanos;
    this.lastNanos = nowNanos;
    this.windowStartNanos = nowNanos;
  }

  /**
   * @return whether anything that {@link #stalls} says is other than before
   */
  boolean woke(long nowNanos) {
    long stall = Math.max(0, nowNanos - lastNanos - periodNanos);
    lastNanos = nowNanos;
    boolean turned = nowNanos - windowStartNanos >= WINDOW_NANOS;
    if (turned) {
      // After a stall of more than a window, what was before it is not recent.
      inWindowBefore = nowNanos - windowStartNanos < 2 * WINDOW_NANOS ? inWindow : 0;
      inWindow = 0;
      windowStartNanos = nowNanos;
    }
    boolean longer = stall > Math.max(inWindow, inWindowBefore);
    inWindow = Math.max(inWindow, stall);
    longest = Math.max(longest, stall);
    return turned || longer;
  }

  Stalls stalls() {
    return new Stalls(
        Duration.ofNanos(longest), Duration.ofNanos(Math.max(inWindow, inWindowBefore)));
  }
}

package org.hotspare.health;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures for how long this process does not run: a thread that wants to be woken every 50 ms and
 * looks at the clock when it is. A busy processor, a stopped process or machine, and a pause of
 * Java all look the same to it, as they do to a lease. A stall is seen up to 50 ms shorter than it
 * was. Suspend is not counted.
 */
public final class StallMeter implements AutoCloseable {
  static final Duration PERIOD = Duration.ofMillis(50);

  private final Thread thread;
  private volatile Stalls stalls = new Stalls(Duration.ZERO, Duration.ZERO);
  private volatile boolean closed;

  private StallMeter() {
    StallRecord kept = new StallRecord(PERIOD.toNanos(), System.nanoTime());
    this.thread = Thread.ofPlatform().name("stalls").daemon().unstarted(() -> run(kept));
  }

  public static StallMeter start() {
    StallMeter meter = new StallMeter();
    meter.thread.start();
    return meter;
  }

  /** So far. What is under way is in it only when it is over. */
  public Stalls stalls() {
    return stalls;
  }

  private void run(StallRecord kept) {
    while (!closed) {
      LockSupport.parkNanos(PERIOD.toNanos());
      if (kept.woke(System.nanoTime())) {
        stalls = kept.stalls();
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}

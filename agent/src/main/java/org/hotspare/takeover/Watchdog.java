package org.hotspare.takeover;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hotspare.linux.RawClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the machine reset when the agent does not say any more, for longer than a timeout, that all
 * is well: also where the whole process is frozen, or the kernel is.
 *
 * <p>Invariant: nothing is fed after the instant up to which the owner allowed it. So the machine
 * is reset at the latest one timeout after that instant, unless this was {@link #stop}ped before.
 * One whose timeout is at most half of a lease so resets its machine before another node can have
 * the lease.
 *
 * <p>A kernel that was told never to stop a watchdog ({@code nowayout}) resets the machine also
 * after {@link #stop}.
 *
 * <p>Feeding is done by a thread of its own, since some watchdogs take their time. Any thread may
 * call what is public.
 */
public final class Watchdog {
  private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);

  /** Of the timeout between two feedings. */
  private static final int PART = 4;

  private final WatchdogTimer timer;
  private final long pauseNanos;
  private final Thread thread;
  private final CountDownLatch stopping = new CountDownLatch(1);

  /** Of CLOCK_MONOTONIC_RAW. */
  private volatile long allowedUntil;

  /** Written by the thread that feeds, before it ends. */
  private volatile boolean failed;

  private Watchdog(WatchdogTimer timer, Duration timeout, long allowedUntil) {
    this.timer = timer;
    this.pauseNanos = timeout.toNanos() / PART;
    this.allowedUntil = allowedUntil;
    this.thread = Thread.ofPlatform().name("watchdog").daemon().unstarted(this::feed);
  }

  /**
   * Opens a watchdog, which starts it.
   *
   * @param path such as {@code /dev/watchdog}
   * @param timeout in whole seconds, one at least
   * @param allowedUntil as of {@link #allowUntil}
   * @throws IOException if there is none, somebody else has it, or it cannot have this timeout; the
   *     message says which
   */
  public static Watchdog start(String path, Duration timeout, long allowedUntil)
      throws IOException {
    if (timeout.toSeconds() < 1 || timeout.toNanosPart() != 0) {
      throw new IllegalArgumentException("not in whole seconds: " + timeout);
    }
    return start(KernelWatchdog.open(path, timeout), timeout, allowedUntil);
  }

  static Watchdog start(WatchdogTimer timer, Duration timeout, long allowedUntil) {
    Watchdog watchdog = new Watchdog(timer, timeout, allowedUntil);
    watchdog.thread.start();
    return watchdog;
  }

  /**
   * All is well: it may be fed until then. Never blocks.
   *
   * @param rawNanos of {@link RawClock#monotonicRawNanos}
   */
  public void allowUntil(long rawNanos) {
    allowedUntil = rawNanos;
  }

  private void feed() {
    try {
      boolean hungry = false;
      do {
        boolean allowed = RawClock.monotonicRawNanos() - allowedUntil < 0;
        if (allowed) {
          timer.feed();
        } else if (!hungry) {
          LOG.error("The watchdog is not fed any more, and resets this machine soon");
        }
        hungry = !allowed;
      } while (!stopping.await(pauseNanos, TimeUnit.NANOSECONDS));
      timer.disarm();
    } catch (IOException refused) {
      failed = true;
      LOG.error("The watchdog cannot be fed or stopped, and resets this machine soon", refused);
    } catch (InterruptedException impossible) {
      throw new AssertionError("nobody interrupts this thread", impossible);
    }
  }

  /**
   * The machine is not to be reset any more: the node gave its role up, or is paused. Waits until
   * the watchdog has been stopped, except where it does not answer within a second.
   *
   * @return false if it was not stopped, and may reset the machine
   */
  public boolean stop() throws InterruptedException {
    stopping.countDown();
    thread.join(TimeUnit.SECONDS.toMillis(1));
    return !thread.isAlive() && !failed;
  }
}

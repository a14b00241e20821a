package org.hotspare.takeover;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hotspare.linux.RawClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the machine reset before its lease is over when the lease is not renewed any more: also where
 * the whole process is frozen, or the kernel is.
 *
 * <p>Invariant: with a timeout of W, the machine is reset at the latest when the lease ends, unless
 * this was {@link #stop}ped before. For it is fed only until 2 W before that. A process that is
 * frozen between looking at the clock and feeding may feed later than it meant to, but only if it
 * goes on within W of that look: for it had fed before, and else the machine is reset by then. From
 * that last feeding it takes another W.
 *
 * <p>Feeding is done by a thread of its own, since some watchdogs take their time. Any thread may
 * call what is public.
 */
public final class Watchdog {
  private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);

  /** Of the timeout between two feedings. */
  private static final int PART = 4;

  /** How many timeouts before the end of the lease it is fed for the last time. */
  private static final int MARGIN = 2;

  /** Of the lease that is left for renewing it. */
  private static final int RENEWING = 4;

  private final WatchdogTimer timer;
  private final long pauseNanos;
  private final long marginNanos;
  private final Thread thread;
  private final CountDownLatch stopping = new CountDownLatch(1);

  /** Of CLOCK_MONOTONIC_RAW. */
  private volatile long leaseEnd;

  /** Written by the thread that feeds, before it ends. */
  private volatile boolean disarmed;

  private Watchdog(WatchdogTimer timer, Duration timeout, long leaseEnd) {
    this.timer = timer;
    this.pauseNanos = timeout.toNanos() / PART;
    this.marginNanos = timeout.toNanos() * MARGIN;
    this.leaseEnd = leaseEnd;
    this.thread = Thread.ofPlatform().name("watchdog").daemon().unstarted(this::run);
  }

  /**
   * Why such a watchdog cannot guard such a lease; empty if it can. Two timeouts have to fit into
   * the lease, and a quarter of it is left for renewing it.
   *
   * @param validity how long the holder has a lease after it asked for it
   */
  public static Optional<String> objection(Duration timeout, Duration validity) {
    if (timeout.toSeconds() < 1 || timeout.toNanosPart() != 0) {
      return Optional.of("a watchdog's timeout is in whole seconds, one at least, not " + timeout);
    }
    long needed = timeout.toMillis() * MARGIN * RENEWING / (RENEWING - 1);
    if (validity.toMillis() < needed) {
      return Optional.of(
          "a watchdog of %d s needs a lease that is valid for %d ms, not %d ms"
              .formatted(timeout.toSeconds(), needed, validity.toMillis()));
    }
    return Optional.empty();
  }

  /**
   * Opens a watchdog, which starts it.
   *
   * @param path such as {@code /dev/watchdog}
   * @param timeout in whole seconds, one at least
   * @param validity how long a lease is valid, to be refused if that is too short
   * @param leaseEnd as of {@link #leaseEndsAt}
   * @throws IOException if there is none, somebody else has it, or it cannot do what is wanted; the
   *     message says which
   * @throws IllegalArgumentException as of {@link #objection}
   */
  public static Watchdog start(String path, Duration timeout, Duration validity, long leaseEnd)
      throws IOException {
    Optional<String> objection = objection(timeout, validity);
    if (objection.isPresent()) {
      throw new IllegalArgumentException(objection.get());
    }
    return start(KernelWatchdog.open(path, timeout), timeout, leaseEnd);
  }

  static Watchdog start(WatchdogTimer timer, Duration timeout, long leaseEnd) {
    Watchdog watchdog = new Watchdog(timer, timeout, leaseEnd);
    watchdog.thread.start();
    return watchdog;
  }

  /**
   * The lease was renewed. Never blocks.
   *
   * @param rawNanos when it ends, of {@link RawClock#monotonicRawNanos}
   */
  public void leaseEndsAt(long rawNanos) {
    leaseEnd = rawNanos;
  }

  private void run() {
    try {
      feedUntilStopped();
      timer.disarm();
      disarmed = true;
    } catch (IOException refused) {
      LOG.error("The watchdog cannot be stopped, and resets this machine soon", refused);
    } catch (InterruptedException impossible) {
      throw new AssertionError("nobody interrupts this thread", impossible);
    }
  }

  private void feedUntilStopped() throws InterruptedException {
    boolean wasFed = true;
    do {
      boolean fed = feed(wasFed);
      if (fed && !wasFed) {
        LOG.info("The watchdog is fed again");
      }
      wasFed = fed;
    } while (!stopping.await(pauseNanos, TimeUnit.NANOSECONDS));
  }

  /**
   * @param tell whether it is news if it is not
   */
  private boolean feed(boolean tell) {
    if (RawClock.monotonicRawNanos() - (leaseEnd - marginNanos) >= 0) {
      if (tell) {
        LOG.error("The watchdog is not fed any more, and resets this machine soon");
      }
      return false;
    }
    try {
      timer.feed();
      return true;
    } catch (IOException refused) {
      // The next time it may be taken.
      if (tell) {
        LOG.error("The watchdog cannot be fed, and may reset this machine soon", refused);
      }
      return false;
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
    return disarmed;
  }
}

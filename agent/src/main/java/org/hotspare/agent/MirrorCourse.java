package org.hotspare.agent;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.hotspare.linux.RawClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the mirrors of this node are to do while roles change. One thing after the other, in a
 * thread of its own, since a disk may take its time; and only the last that was asked for is tried
 * until it is done.
 */
final class MirrorCourse implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MirrorCourse.class);
  private static final long RETRY_NANOS = 1_000_000_000;

  private final Mirrors mirrors;
  private final MirrorWatch watch;
  private final long alonePatienceNanos;
  private final Runnable wake;
  private final Consumer<String> problems;
  private final ExecutorService work =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("role-mirrors").factory());

  // ---- guarded by this

  /** Rises whenever something else is to be done. */
  private long course;

  private long sealedEpoch;
  private String followed = "";
  private boolean closed;

  /** Since when there is nobody to follow. */
  private long aloneNanos = RawClock.monotonicRawNanos();

  /**
   * @param alonePatience for how long nobody is followed before copies are compared all the same
   * @param wake called when something ended
   * @param problems sentences
   */
  MirrorCourse(
      Mirrors mirrors,
      MirrorWatch watch,
      Duration alonePatience,
      Runnable wake,
      Consumer<String> problems) {
    this.mirrors = mirrors;
    this.watch = watch;
    this.alonePatienceNanos = alonePatience.toNanos();
    this.wake = wake;
    this.problems = problems;
  }

  /** Whose standby this node is; empty where nobody's. */
  synchronized String followed() {
    return followed;
  }

  /** See {@link org.hotspare.failover.OwnCopy#sealedEpoch}. */
  synchronized long sealedEpoch() {
    return sealedEpoch;
  }

  /** Nothing is applied any more, for the sake of an attempt to lead that epoch. */
  synchronized void seal(long epoch) {
    followed = "";
    long mine = ++course;
    work.execute(
        () -> {
          boolean rests = rest();
          synchronized (this) {
            if (rests && course == mine) {
              sealedEpoch = epoch;
            }
          }
          wake.run();
        });
  }

  synchronized void follow(String primary) {
    followed = primary;
    sealedEpoch = 0;
    begin(() -> mirrors.follow(true));
  }

  /** Nothing is led any more: what is written to a tree from now on is nobody's but this node's. */
  synchronized void stopLeading() {
    course++;
    work.execute(this::rest);
  }

  /** What is led is asked for by {@link #submit}; nothing else is any more. */
  synchronized void aboutToLead() {
    course++;
  }

  /** Does that after all that was asked for before. */
  <T> Future<T> submit(Callable<T> action) {
    return work.submit(action);
  }

  /**
   * To be called every now and then. Where there is nobody to follow for a while, as after all
   * nodes were off, copies are compared by themselves: one that was not is not promoted.
   *
   * @param alone whether there is nobody to follow
   */
  synchronized void compareIfAlone(boolean alone) {
    long now = RawClock.monotonicRawNanos();
    if (!alone) {
      aloneNanos = now;
    } else if (now - aloneNanos > alonePatienceNanos
        && watch.isUncompared()
        && !mirrors.isLeading()) {
      aloneNanos = now;
      sealedEpoch = 0;
      begin(mirrors::compare);
    }
  }

  /** Where that fails the policy finds that it takes too long. */
  private boolean rest() {
    try {
      mirrors.rest();
      watch.look();
      return true;
    } catch (RuntimeException e) {
      LOG.error("the mirrors cannot be brought to rest", e);
      problems.accept("the mirrors cannot be brought to rest: " + e.getMessage());
      return false;
    }
  }

  /** Takes a role for the mirrors that they may not be able to take yet. */
  @FunctionalInterface
  private interface Following {
    void begin() throws IOException;
  }

  /** Tries it until it can be done, or something else is to be. */
  private void begin(Following following) {
    long mine = ++course;
    work.execute(
        () -> {
          while (isOnCourse(mine) && !follows(following)) {
            LockSupport.parkNanos(RETRY_NANOS);
          }
          wake.run();
        });
  }

  private synchronized boolean isOnCourse(long mine) {
    return course == mine && !closed;
  }

  private boolean follows(Following following) {
    try {
      following.begin();
      return true;
    } catch (IOException | RuntimeException e) {
      LOG.error("the mirrors cannot follow; trying again", e);
      problems.accept("the mirrors cannot follow: " + e.getMessage());
      return false;
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    work.shutdown();
  }
}

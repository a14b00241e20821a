package org.hotspare.health;

import java.time.Duration;
import org.hotspare.health.Outcome.Failed;

/**
 * When one check looks and how it stands: a pure state machine. It is told what happens and when,
 * and says what to do.
 *
 * <p>Looks begin at multiples of the period after the first one, whatever earlier ones took. There
 * is never more than one. What begins late, since the look before had not come back or this process
 * did not run, does not move the others, and periods in which this process did not run are left out
 * and not made up for: they say nothing about the other side.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A look has at most one result: its answer, or what it comes to when its time is over. An
 *       answer after that changes nothing.
 *   <li>The missing result counts. A look that was given up and has not come back is a failure in
 *       each further period, once the timeout has passed in that, too.
 *   <li>Where this process itself was late to notice that a look's time was over, the look gets as
 *       much time in addition, once and at most the timeout again: the answer may only have waited
 *       for this process.
 *   <li>It is DOWN only after {@code fall} failures in a row, UP only after {@code rise} successes
 *       in a row, and neither changes by anything else than a result.
 * </ul>
 *
 * <p>Owned by one thread.
 */
final class CheckState {
  /** Late enough to be no matter of how exactly a thread is woken. */
  private static final long LATE_NANOS = 50_000_000;

  private static final long NEVER_NANOS = Long.MAX_VALUE / 4;

  /** What to do next. */
  enum Step {
    WAIT,
    /** Begin a look. */
    LOOK,
    /** The look's time is over: {@link #gaveUp} with what it comes to, and end it. */
    GIVE_UP
  }

  private enum Phase {
    /** The first look cannot begin yet. */
    PREPARING,
    /** No look is under way. */
    IDLE,
    /** One is, and has no result yet. */
    LOOKING,
    /** One has its result and has not come back. */
    STUCK
  }

  private Schedule schedule;
  private Standing standing;
  private Phase phase = Phase.PREPARING;

  /** The beginning of the next period that has no look. */
  private long dueNanos;

  private long startNanos;
  private long deadlineNanos;
  private boolean extended;

  /** What the look that has not come back was at. */
  private String stuckAt = "";

  CheckState(Schedule schedule, long nowNanos) {
    this.schedule = schedule;
    this.standing = Standing.unknown(nowNanos);
    this.startNanos = nowNanos;
    this.dueNanos = nowNanos;
  }

  /** The first look begins now, and at multiples of the period after it the others. */
  void ready(long nowNanos) {
    require(phase == Phase.PREPARING);
    phase = Phase.IDLE;
    dueNanos = nowNanos;
  }

  Standing standing() {
    return standing;
  }

  /** When {@link #tick} has something to do next, unless the look comes back before. */
  long nextNanos() {
    return switch (phase) {
      case PREPARING -> startNanos + NEVER_NANOS;
      case IDLE -> dueNanos;
      case LOOKING -> deadlineNanos;
      case STUCK -> dueNanos + timeoutNanos();
    };
  }

  /** Time has passed; to be called again after each step but WAIT. */
  Step tick(long nowNanos) {
    if (nowNanos - nextNanos() < 0) {
      return Step.WAIT;
    }
    return switch (phase) {
      case PREPARING -> Step.WAIT;
      case IDLE -> begin(nowNanos);
      case LOOKING -> overdue(nowNanos);
      case STUCK -> missing(nowNanos);
    };
  }

  private Step begin(long nowNanos) {
    phase = Phase.LOOKING;
    startNanos = nowNanos;
    deadlineNanos = nowNanos + timeoutNanos();
    extended = false;
    nextPeriodAfter(nowNanos);
    return Step.LOOK;
  }

  private Step overdue(long nowNanos) {
    long late = nowNanos - deadlineNanos;
    if (late > LATE_NANOS && !extended) {
      extended = true;
      deadlineNanos = nowNanos + Math.min(late, timeoutNanos());
      return Step.WAIT;
    }
    return Step.GIVE_UP;
  }

  private Step missing(long nowNanos) {
    String ago = Duration.ofNanos(nowNanos - startNanos).toSeconds() + " s ago";
    count(new Failed("a look begun " + ago + " has not come back; before: " + stuckAt), nowNanos);
    nextPeriodAfter(nowNanos - timeoutNanos());
    return Step.WAIT;
  }

  /** The look that was given up came to this; it has not come back. */
  void gaveUp(Outcome conclusion, long nowNanos) {
    require(phase == Phase.LOOKING);
    phase = Phase.STUCK;
    stuckAt = conclusion.text();
    count(conclusion, nowNanos);
    if (nowNanos - nextNanos() >= 0) {
      nextPeriodAfter(nowNanos - timeoutNanos());
    }
  }

  /**
   * The look has come back.
   *
   * @return whether this is its result
   */
  boolean answered(Outcome outcome, long nowNanos) {
    require(phase == Phase.LOOKING || phase == Phase.STUCK);
    boolean counts = phase == Phase.LOOKING;
    phase = Phase.IDLE;
    if (counts) {
      count(outcome, nowNanos);
    }
    return counts;
  }

  /** Other times from now on. What was counted stays. */
  void reschedule(Schedule next, long nowNanos) {
    schedule = next;
    dueNanos = Math.min(dueNanos - nowNanos, next.every().toNanos()) + nowNanos;
  }

  private void count(Outcome outcome, long nowNanos) {
    Duration took = Duration.ofNanos(nowNanos - startNanos);
    standing = standing.after(outcome, took, schedule, nowNanos);
  }

  private void nextPeriodAfter(long nanos) {
    long every = schedule.every().toNanos();
    dueNanos += (Math.max(0, nanos - dueNanos) / every + 1) * every;
  }

  private long timeoutNanos() {
    return schedule.timeout().toNanos();
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalStateException("out of turn");
    }
  }
}

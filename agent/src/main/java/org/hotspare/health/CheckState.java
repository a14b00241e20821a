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
 *   <li>Time in which this process did not run is not the other side's: it puts off the end of a
 *       look, as {@link Deadline} says, and what is missing after a stall is a failure only when
 *       this process has run for a moment since.
 *   <li>It is DOWN only after {@code fall} failures in a row, UP only after {@code rise} successes
 *       in a row, and neither changes by anything else than a result. That it could not be looked
 *       is none.
 * </ul>
 *
 * <p>Owned by one thread.
 */
final class CheckState {
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

  /** When the look began that is under way, before the first one the preparing for it. */
  private long startNanos;

  private Deadline deadline;

  /** What the look that has not come back was at. */
  private String stuckAt = "";

  /** Whether a failure for its absence is put off for a moment, since this process stood still. */
  private boolean graced;

  private long graceNanos;

  CheckState(Schedule schedule, long nowNanos) {
    this.schedule = schedule;
    this.standing = Standing.unknown(nowNanos);
    this.startNanos = nowNanos;
    this.dueNanos = nowNanos + schedule.every().toNanos();
    this.deadline = new Deadline(timeoutNanos(), nowNanos);
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

  /** When the time of the look that is under way is over, as it seems now. */
  long deadlineNanos() {
    return deadline.nanos();
  }

  /** When {@link #tick} is to be called next at the latest, unless the look comes back before. */
  long nextNanos() {
    return switch (phase) {
      case PREPARING, IDLE -> dueNanos;
      case LOOKING -> deadline.nextNanos();
      case STUCK -> graced ? graceNanos : dueNanos + timeoutNanos();
    };
  }

  /** Time has passed; to be called again after each step but WAIT. */
  Step tick(long nowNanos) {
    if (phase == Phase.LOOKING) {
      return deadline.isOver(nowNanos) ? Step.GIVE_UP : Step.WAIT;
    }
    long late = nowNanos - nextNanos();
    if (late < 0) {
      return Step.WAIT;
    }
    return switch (phase) {
      case PREPARING -> preparing(nowNanos);
      case IDLE -> begin(nowNanos);
      case LOOKING -> Step.WAIT;
      case STUCK -> missing(late, nowNanos);
    };
  }

  private Step preparing(long nowNanos) {
    unable("preparing for " + Duration.ofNanos(nowNanos - startNanos).toSeconds() + " s");
    nextPeriodAfter(nowNanos);
    return Step.WAIT;
  }

  private Step begin(long nowNanos) {
    phase = Phase.LOOKING;
    startNanos = nowNanos;
    deadline = new Deadline(timeoutNanos(), nowNanos);
    nextPeriodAfter(nowNanos);
    return Step.LOOK;
  }

  private Step missing(long late, long nowNanos) {
    if (!graced && late >= Deadline.LATE_NANOS) {
      graced = true;
      graceNanos = nowNanos + Deadline.GRACE_NANOS;
      return Step.WAIT;
    }
    graced = false;
    String ago = Duration.ofNanos(nowNanos - startNanos).toSeconds() + " s ago";
    count(new Failed("a look begun " + ago + " has not come back; before: " + stuckAt), nowNanos);
    nextPeriodAfter(nowNanos - timeoutNanos());
    return Step.WAIT;
  }

  /** It cannot be looked now; nothing is counted. */
  void unable(String why) {
    standing = standing.unable(why);
  }

  /** The look that was given up came to this; it has not come back. */
  void gaveUp(Outcome conclusion, long nowNanos) {
    require(phase == Phase.LOOKING);
    phase = Phase.STUCK;
    graced = false;
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

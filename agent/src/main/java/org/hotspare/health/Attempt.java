package org.hotspare.health;

import java.io.IOException;
import java.time.Duration;
import org.hotspare.health.Outcome.Failed;
import org.hotspare.health.Outcome.Passed;
import org.hotspare.health.Outcome.Unable;
import org.jspecify.annotations.Nullable;

/**
 * One look under way. The thread that looks tells it what it is at; the one that watches the time
 * asks it for an answer when that is over, and gives it up.
 */
public final class Attempt {
  private final Duration timeout;
  private volatile long deadlineNanos;
  private volatile String doing = "starting";
  private volatile @Nullable Outcome enough;
  private @Nullable Runnable end;
  private boolean givenUp;

  Attempt(Duration timeout, long nowNanos) {
    this.timeout = timeout;
    this.deadlineNanos = nowNanos + timeout.toNanos();
  }

  /** From now on it is at this, such as {@code connecting to 10.0.0.1:80}. */
  void at(String what) {
    doing = what;
  }

  /** What was seen suffices, even if the rest does not come in time. */
  void enough(Passed sofar) {
    enough = sofar;
  }

  /**
   * From now on it is ended by this, in place of what was given before. It is called by another
   * thread, which it must not hold up; at once where the look was given up already.
   */
  void endBy(Runnable how) {
    synchronized (this) {
      if (!givenUp) {
        end = how;
        return;
      }
    }
    how.run();
  }

  /**
   * Time that is left as it seems now, never negative. It becomes more where this process stands
   * still, so a look ends by {@link #endBy} and fails by no deadline of its own.
   */
  Duration left() {
    return Duration.ofNanos(Math.max(0, deadlineNanos - System.nanoTime()));
  }

  /** For who watches the time: it is over only then. */
  void extendTo(long nanos) {
    deadlineNanos = nanos;
  }

  synchronized boolean isGivenUp() {
    return givenUp;
  }

  /** Ends it, so that its thread comes back where that is possible. */
  void giveUp() {
    Runnable how;
    synchronized (this) {
      givenUp = true;
      how = end;
      end = null;
    }
    if (how != null) {
      how.run();
    }
  }

  /** What it comes to if its time is over now. */
  Outcome conclusion() {
    Outcome known = enough;
    return known != null
        ? known
        : new Failed("no answer within %d ms, %s".formatted(timeout.toMillis(), doing));
  }

  /** What it comes to by an error. */
  Outcome failed(IOException why) {
    String message = why.getMessage();
    String text = doing + ": " + (message == null ? why.getClass().getSimpleName() : message);
    return OwnError.is(why) ? new Unable(text) : new Failed(text);
  }
}

package org.hotspare.watch;

import java.util.Collections;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Somebody waits until all is numbered that happened before the cookie.
 *
 * <p>Where files come and go all the time something is to be done at any moment. What was to be
 * done when the cookie had passed is a part of what is waited for, and so is what follows from it:
 * what is to be done once that is over; which is asked some times, as work leads to other work.
 * What is to be done at last came later, and its files are still known, as they were. Owned by the
 * tracker's thread.
 */
final class Draining {
  /** Renames of what is above a directory are the longest way that one piece of work takes. */
  private static final int TIMES = 10;

  final long cookie;
  final CompletableFuture<Tracker.Drained> done;
  private Set<Object> before = Set.of();
  private int times;
  private boolean complete;

  Draining(long cookie, CompletableFuture<Tracker.Drained> done) {
    this.cookie = cookie;
    this.done = done;
  }

  /** The tree is compared: what that leaves to be done is not known yet. */
  void startAnew() {
    before = Set.of();
    times = 0;
  }

  /**
   * @param now what is to be done, after the cookie passed
   * @param isAll whether that is all, as there is nothing that cannot be looked at
   */
  boolean isDone(Set<Object> now, boolean isAll) {
    if (isAll != complete) {
      complete = isAll;
      startAnew();
    }
    if (Collections.disjoint(before, now)) {
      times++;
      before = now;
    }
    return now.isEmpty() || times > TIMES;
  }
}

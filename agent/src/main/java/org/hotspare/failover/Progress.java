package org.hotspare.failover;

import java.time.Duration;

/**
 * How a stage stands.
 *
 * @param ended whether nothing is to be waited for
 * @param problem why it ended without success; empty where it did not
 */
record Progress(boolean ended, String problem) {
  static final Progress RUNNING = new Progress(false, "");
  private static final Progress DONE = new Progress(true, "");

  /** Of a stage that began at that time with the work of that number. */
  static Progress of(View view, Stage stage, long task, long sinceNanos, long nowNanos) {
    Duration limit = view.settings().timing().limit(stage);
    return of(view, limit, task, sinceNanos, nowNanos);
  }

  /** Of a stage that may take so long. */
  static Progress of(View view, Duration limit, long task, long sinceNanos, long nowNanos) {
    if (view.task().number() == task && view.task().state() != Task.State.RUNNING) {
      return view.task().state() == Task.State.DONE
          ? DONE
          : new Progress(true, view.task().problem());
    }
    return within(limit, sinceNanos, nowNanos);
  }

  /** Running, unless the stage has taken too long. */
  static Progress within(View view, Stage stage, long sinceNanos, long nowNanos) {
    return within(view.settings().timing().limit(stage), sinceNanos, nowNanos);
  }

  private static Progress within(Duration limit, long sinceNanos, long nowNanos) {
    return nowNanos - sinceNanos < limit.toNanos()
        ? RUNNING
        : new Progress(true, "it took more than " + Text.of(limit));
  }

  boolean failed() {
    return !problem.isEmpty();
  }
}

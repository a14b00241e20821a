package org.hotspare.admin;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A time within which this thread has to be done with a client. When it is over, the thread is
 * interrupted, which closes the connection that it writes to: a client that takes nothing would
 * keep it for ever. Closing the exchange instead would wait for that same writing.
 */
final class AnswerLimit implements AutoCloseable {
  private final Thread answering = Thread.currentThread();
  private final Future<?> end;

  /** Guarded by this: nothing is interrupted that the thread does later. */
  private boolean done;

  AnswerLimit(ScheduledExecutorService timer, Duration time) {
    this.end = timer.schedule(this::over, time.toMillis(), TimeUnit.MILLISECONDS);
  }

  private synchronized void over() {
    if (!done) {
      answering.interrupt();
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      done = true;
    }
    end.cancel(false);
  }
}

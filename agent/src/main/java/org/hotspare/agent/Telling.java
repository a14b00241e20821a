package org.hotspare.agent;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.hotspare.admin.Event;
import org.hotspare.admin.EventLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records events for those who must not wait for the disk that keeps them: what changes roles, and
 * what keeps service addresses alive.
 */
final class Telling implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Telling.class);

  /** While the disk hangs. What comes beyond is in the log only. */
  private static final int MOST_WAITING = 1000;

  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final EventLog events;
  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(MOST_WAITING),
          Thread.ofPlatform().daemon().name("role-events").factory(),
          (_, _) -> LOG.warn("an event is not recorded: the disk does not keep up, or it ends"));

  Telling(EventLog events) {
    this.events = events;
  }

  void role(String text) {
    tell(Event.Kind.ROLE, text);
  }

  void problem(String text) {
    tell(Event.Kind.PROBLEM, text);
  }

  void disk(String text) {
    tell(Event.Kind.DISK, text);
  }

  private void tell(Event.Kind kind, String text) {
    thread.execute(
        () -> {
          try {
            events.record(kind, null, text);
          } catch (RuntimeException e) {
            LOG.error("not recorded: {}", text, e);
          }
        });
  }

  /** What was told before is recorded, if the disk does so soon. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        LOG.warn("some events are not recorded: the disk does not keep up");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

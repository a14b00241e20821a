package org.hotspare.watch;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * A cookie has come by when every source that is read has delivered it: each has a queue of its
 * own. For several threads.
 */
final class CookieArrivals {
  /** The sources, of which not all need to be read. */
  enum Source {
    FANOTIFY,
    INOTIFY
  }

  private final MarkQueue queue;
  private final Map<Source, Long> arrived = new EnumMap<>(Source.class);
  private long reported;

  CookieArrivals(MarkQueue queue) {
    this.queue = queue;
  }

  /**
   * From the cookie after {@code last} on, the source has to deliver it too; those before do not
   * come any more.
   */
  synchronized void start(Source source, long last) {
    arrived.put(source, last);
    report();
  }

  /** The source delivers none any more. */
  synchronized void stop(Source source) {
    arrived.remove(source);
    report();
  }

  synchronized void arrived(Source source, long token) {
    arrived.computeIfPresent(source, (_, before) -> Math.max(before, token));
    report();
  }

  private void report() {
    long byAll = arrived.isEmpty() ? 0 : Collections.min(arrived.values());
    if (byAll > reported) {
      reported = byAll;
      queue.cookie(byAll);
    }
  }
}

package org.hotspare.wire;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/** How often an address may be wrong within a minute. Any thread. */
final class AttemptLimit {
  static final int ATTEMPTS = 5;
  static final Duration WITHIN = Duration.ofMinutes(1);

  /** From more addresses at once it takes no attempts at all: nobody joins that often. */
  static final int ADDRESSES = 1000;

  private final Map<InetAddress, Deque<Instant>> attempts = new HashMap<>();

  /**
   * Counts an attempt, before it is known whether it is a right one; false where it is one too
   * many.
   */
  synchronized boolean begin(InetAddress from, Instant now) {
    forget(now);
    if (!attempts.containsKey(from) && attempts.size() >= ADDRESSES) {
      return false;
    }
    Deque<Instant> mine = attempts.computeIfAbsent(from, address -> new ArrayDeque<>());
    if (mine.size() >= ATTEMPTS) {
      return false;
    }
    mine.addLast(now);
    return true;
  }

  /** The attempt that was begun last was a right one. */
  synchronized void succeeded(InetAddress from) {
    Deque<Instant> mine = attempts.get(from);
    if (mine != null) {
      mine.pollLast();
    }
  }

  private void forget(Instant now) {
    Instant before = now.minus(WITHIN);
    attempts
        .values()
        .removeIf(
            times -> {
              times.removeIf(time -> time.isBefore(before));
              return times.isEmpty();
            });
  }
}

package org.hotspare.lease;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hotspare.linux.RawClock;

/** Remembers when it let clients in, as the kernel's would have. Times are of RawClock. */
final class TestGate implements LeaseLoop.Gate {
  /** From when until when it was open without a break. */
  record Interval(long epoch, long fromNanos, long untilNanos) {}

  private record Round(long epoch, long round) {}

  private final Map<Round, Long> runsOut = new HashMap<>();
  private final List<Interval> intervals = new ArrayList<>();

  private boolean failing;

  /** From now on it can neither be set nor shut, as where the kernel refuses. */
  synchronized void fail() {
    failing = true;
  }

  private void mayFail() throws IOException {
    if (failing) {
      throw new IOException("no buffer space");
    }
  }

  @Override
  public synchronized void arm(long epoch, long round, long validityNanos) throws IOException {
    mayFail();
    Long before =
        runsOut.put(new Round(epoch, round), RawClock.monotonicRawNanos() + validityNanos);
    if (before != null) {
      throw new IllegalStateException("round %d.%d was armed before".formatted(epoch, round));
    }
  }

  @Override
  public synchronized void select(long epoch, long round) throws IOException {
    mayFail();
    long now = RawClock.monotonicRawNanos();
    Long until = runsOut.get(new Round(epoch, round));
    if (until == null) {
      throw new IllegalStateException("round %d.%d was never armed".formatted(epoch, round));
    }
    shutFrom(now);
    if (until > now) {
      intervals.add(new Interval(epoch, now, until));
    }
  }

  @Override
  public synchronized void shut() throws IOException {
    mayFail();
    shutFrom(RawClock.monotonicRawNanos());
  }

  private void shutFrom(long now) {
    if (!intervals.isEmpty() && intervals.getLast().untilNanos > now) {
      Interval last = intervals.removeLast();
      intervals.add(new Interval(last.epoch, last.fromNanos, now));
    }
  }

  synchronized boolean isOpen() {
    return !intervals.isEmpty() && intervals.getLast().untilNanos > RawClock.monotonicRawNanos();
  }

  synchronized List<Interval> intervals() {
    return List.copyOf(intervals);
  }
}

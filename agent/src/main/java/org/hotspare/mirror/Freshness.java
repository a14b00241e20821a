package org.hotspare.mirror;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * For how long a standby's copy has lacked something, as far as its primary told. While it is not
 * connected, it lacks whatever there may be.
 *
 * <p>A cut brings what the primary had when it began; what changed while it was under way comes
 * with the next one, at once. So the copy is as old as the beginning of its last cut, until it is
 * plain that none follows that.
 *
 * <p>Changed by the owning thread; any may ask, and waits for nothing.
 */
final class Freshness {
  /** Within that time after the end of a cut the next one has begun, if there is one. */
  static final Duration NEXT_CUT = Duration.ofMillis(500);

  private sealed interface Copy {
    /** It never had everything since this agent was started. */
    record Unknown() implements Copy {}

    /** It had everything at that time, and not since. */
    record Lacking(long sinceNanos) implements Copy {}

    /** At that time it had got everything that there was when the cut began. */
    record Whole(long begunNanos, long endedNanos) implements Copy {
      boolean isLast(long nowNanos) {
        return nowNanos - endedNanos >= NEXT_CUT.toNanos();
      }
    }
  }

  private final LongSupplier clock;

  private volatile Copy copy = new Copy.Unknown();

  /** When the present cut began. Of the owning thread. */
  private long begunNanos;

  Freshness() {
    this(System::nanoTime);
  }

  /**
   * @param clock nanoseconds that only grow
   */
  Freshness(LongSupplier clock) {
    this.clock = clock;
  }

  /** The primary has nothing that is not here. */
  void lacksNothing() {
    begunNanos = clock.getAsLong();
    cutIsWhole();
  }

  void cutBegins() {
    long now = clock.getAsLong();
    begunNanos = now;
    lacks(now);
  }

  /** All that came with the cut that began last is here. */
  void cutIsWhole() {
    copy = new Copy.Whole(begunNanos, clock.getAsLong());
  }

  /** There is nobody any more who would tell of changes. */
  void disconnected() {
    lacks(clock.getAsLong());
  }

  private void lacks(long nowNanos) {
    if (copy instanceof Copy.Whole whole) {
      copy = new Copy.Lacking(whole.isLast(nowNanos) ? nowNanos : whole.begunNanos());
    }
  }

  /** Zero while nothing is lacking; empty where it never was so since this agent was started. */
  Optional<Duration> lag() {
    Copy seen = copy;
    long now = clock.getAsLong();
    return switch (seen) {
      case Copy.Unknown() -> Optional.empty();
      case Copy.Lacking(long since) -> Optional.of(Duration.ofNanos(now - since));
      case Copy.Whole whole ->
          Optional.of(
              whole.isLast(now) ? Duration.ZERO : Duration.ofNanos(now - whole.begunNanos()));
    };
  }
}

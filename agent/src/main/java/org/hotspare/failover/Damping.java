package org.hotspare.failover;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps a node from being promoted again and again: after a promotion that failed it rests, and in
 * a window of time it is promoted a few times at most.
 *
 * @param promotedNanos when it was, those in the window
 * @param failure what failed last; empty where nothing did
 */
public record Damping(List<Long> promotedNanos, String failure, long failedNanos) {
  public static final Damping NONE = new Damping(List.of(), "", 0);

  public Damping {
    promotedNanos = List.copyOf(promotedNanos);
  }

  /** The role has moved to this node. */
  Damping promoted(long nowNanos, Timing timing) {
    List<Long> more = new ArrayList<>(promotedNanos);
    more.removeIf(at -> nowNanos - at >= timing.window().toNanos());
    more.add(nowNanos);
    return new Damping(more, failure, failedNanos);
  }

  Damping failed(String what, long nowNanos) {
    return new Damping(promotedNanos, what, nowNanos);
  }

  /**
   * Why it is not to be promoted now; empty where it may be.
   *
   * @param again whether it was the primary before, so that by this no role moves
   */
  String refusal(boolean again, long nowNanos, Timing timing) {
    if (!failure.isEmpty() && nowNanos - failedNanos < timing.failed().toNanos()) {
      return "%s, so it is not tried again for %s".formatted(failure, Text.of(timing.failed()));
    }
    Duration window = timing.window();
    long lately = promotedNanos.stream().filter(at -> nowNanos - at < window.toNanos()).count();
    return again || lately < timing.promotions()
        ? ""
        : "it was promoted %d times within %s".formatted(lately, Text.of(window));
  }
}

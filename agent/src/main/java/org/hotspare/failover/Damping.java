package org.hotspare.failover;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps a node from taking over again and again: after a promotion that failed it rests, and it
 * takes over a few times in a row, but then only now and then. What was asked for does not count.
 *
 * <p>Times may be from before the machine was started again, where its clock began anew: one that
 * lies in the future counts for nothing, and any other keeps a node waiting no longer than it
 * would.
 *
 * @param promotedNanos when it took over, those in the window
 * @param failure what failed last; empty where nothing did
 */
public record Damping(List<Long> promotedNanos, String failure, long failedNanos) {
  public static final Damping NONE = new Damping(List.of(), "", 0);

  public Damping {
    promotedNanos = List.copyOf(promotedNanos);
  }

  /** The role has moved to this node on nobody's word. */
  Damping promoted(long nowNanos, Timing timing) {
    List<Long> more = new ArrayList<>(promotedNanos);
    more.removeIf(at -> !isWithin(timing.window(), at, nowNanos));
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
    if (!failure.isEmpty() && isWithin(timing.failed(), failedNanos, nowNanos)) {
      return "%s, so it is not tried again for %s".formatted(failure, Text.of(timing.failed()));
    }
    Duration window = timing.window();
    Duration apart = window.dividedBy(timing.promotions());
    long lately = promotedNanos.stream().filter(at -> isWithin(window, at, nowNanos)).count();
    boolean justNow = promotedNanos.stream().anyMatch(at -> isWithin(apart, at, nowNanos));
    return again || lately < timing.promotions() || !justNow
        ? ""
        : "it took over %d times within %s, the last time within %s"
            .formatted(lately, Text.of(window), Text.of(apart));
  }

  /** Without what lies in the future, which would come to pass as if it had just happened. */
  Damping past(long nowNanos) {
    List<Long> passed = promotedNanos.stream().filter(at -> nowNanos - at >= 0).toList();
    return nowNanos - failedNanos >= 0
        ? new Damping(passed, failure, failedNanos)
        : new Damping(passed, "", nowNanos);
  }

  private static boolean isWithin(Duration time, long atNanos, long nowNanos) {
    return nowNanos - atNanos >= 0 && nowNanos - atNanos < time.toNanos();
  }
}

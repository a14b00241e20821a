package org.hotspare.failover;

import java.time.Duration;
import java.util.Optional;

/** To whom a primary may hand over: only a member of the promotable set that is well. */
final class Successor {
  private Successor() {}

  /** The furthest, and of those the first by name. */
  static Optional<String> best(View view, long nowNanos) {
    String best = "";
    for (String node : view.roles().promotable()) {
      if (refusal(view, node, nowNanos).isEmpty()
          && (best.isEmpty() || goesBefore(view, node, best))) {
        best = node;
      }
    }
    return best.isEmpty() ? Optional.empty() : Optional.of(best);
  }

  private static boolean goesBefore(View view, String one, String other) {
    Follower first = view.followers().get(one);
    Follower second = view.followers().get(other);
    return first != null
        && second != null
        && Ranking.compare(first.durable(), second.durable()) > 0;
  }

  /** Why it is not; empty where it is. */
  static String refusal(View view, String node, long nowNanos) {
    if (!view.roles().promotable().contains(node)) {
      return node + " does not have all that was confirmed";
    }
    if (!isConnected(view, node)) {
      return node + " is not connected";
    }
    Follower follower = view.followers().get(node);
    if (follower != null && follower.lag().compareTo(view.settings().maxLag()) > 0) {
      return "%s is more than %s behind".formatted(node, Text.of(view.settings().maxLag()));
    }
    Report report = view.fresh(node, nowNanos);
    if (report == null) {
      return "nothing was heard of " + node + " lately";
    }
    return report.unwilling().isEmpty() ? "" : "%s says: %s".formatted(node, report.unwilling());
  }

  static boolean isConnected(View view, String node) {
    Follower follower = view.followers().get(node);
    return follower != null && follower.awayFor().equals(Duration.ZERO);
  }
}

package org.hotspare.failover;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.hotspare.tree.Position;

/**
 * Who is to stand first: whom the primary named when it handed over, then who is furthest, then by
 * name. All that answered count; who does not answer is not waited for.
 */
final class Ranking {
  private Ranking() {}

  /** How many of those whose report came since then go before this node. */
  static int place(View view, long sinceNanos, long nowNanos) {
    String invited = view.invited(nowNanos);
    if (invited.equals(view.self())) {
      return 0;
    }
    int place = 0;
    for (String member : view.members()) {
      Report.Heard heard = view.heard().get(member);
      if (!member.equals(view.self())
          && heard != null
          && heard.atNanos() - sinceNanos >= 0
          && heard.report().unwilling().isEmpty()
          && (member.equals(invited) || goesBefore(member, heard.report(), view))) {
        place++;
      }
    }
    return place;
  }

  private static boolean goesBefore(String member, Report report, View view) {
    int further = compare(report.durable(), view.copy().durable());
    return further > 0 || (further == 0 && member.compareTo(view.self()) < 0);
  }

  /**
   * Positive where the first is further. Where each is further in another mirror, the first mirror
   * by name decides.
   */
  static int compare(Map<String, Position> one, Map<String, Position> other) {
    Set<String> mirrors = new TreeSet<>(one.keySet());
    mirrors.addAll(other.keySet());
    for (String mirror : mirrors) {
      Position first = one.getOrDefault(mirror, Position.NONE);
      int order = first.compareTo(other.getOrDefault(mirror, Position.NONE));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  /** Whether {@code one} has all of {@code other}, in each mirror. */
  static boolean covers(Map<String, Position> one, Map<String, Position> other) {
    return other.entrySet().stream()
        .allMatch(
            entry ->
                one.getOrDefault(entry.getKey(), Position.NONE).compareTo(entry.getValue()) >= 0);
  }
}

package org.hotspare.failover;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What speaks against the primary of this moment. A check that fails as one other node sees it says
 * nothing: that may be the other node's own network. It counts where the primary sees it itself, or
 * a standby and one more node do.
 */
final class Concerns {
  private Concerns() {}

  /**
   * @param check which one fails; what it says may differ each time
   */
  record Concern(String check, String text) {}

  /** Null where nothing does. */
  static @Nullable Concern of(View view, long nowNanos) {
    if (!view.ownFailing().isEmpty()) {
      return new Concern(
          new TreeMap<>(view.ownFailing()).firstKey(),
          "on this machine " + first(view.ownFailing()));
    }
    if (!view.failing().isEmpty()) {
      return new Concern(new TreeMap<>(view.failing()).firstKey(), first(view.failing()));
    }
    Map<String, Set<String>> observers = new TreeMap<>();
    for (String node : view.heard().keySet()) {
      Report report = view.fresh(node, nowNanos);
      if (report != null && report.epoch() == view.roles().epoch()) {
        for (String check : report.failing().keySet()) {
          observers.computeIfAbsent(check, _ -> new TreeSet<>()).add(node);
        }
      }
    }
    Set<String> dataNodes = view.settings().dataNodes();
    for (Map.Entry<String, Set<String>> entry : observers.entrySet()) {
      Set<String> nodes = entry.getValue();
      if (nodes.size() >= 2 && nodes.stream().anyMatch(dataNodes::contains)) {
        return new Concern(
            entry.getKey(), entry.getKey() + " fails as a standby and another node see it");
      }
    }
    return null;
  }

  static String first(Map<String, String> failing) {
    Map.Entry<String, String> first = new TreeMap<>(failing).firstEntry();
    return "%s fails: %s".formatted(first.getKey(), first.getValue());
  }
}

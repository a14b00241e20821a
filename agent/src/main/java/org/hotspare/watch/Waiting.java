package org.hotspare.watch;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be looked at, in the order in which it came, and since which step of the tracker:
 * the one that took the mark from which it follows, over however many turns. So what follows from
 * marks that were taken until some step can be told from what came later. Not for several threads.
 */
final class Waiting<K> {
  private final Map<K, Long> steps = new LinkedHashMap<>();

  boolean isEmpty() {
    return steps.isEmpty();
  }

  /** Whether anything waits since this step, or an earlier one. */
  boolean hasSince(long step) {
    return steps.values().stream().anyMatch(since -> since <= step);
  }

  boolean contains(K key) {
    return steps.containsKey(key);
  }

  /** One that waits already does so since the earlier of both steps. */
  void add(K key, long step) {
    steps.merge(key, step, Math::min);
  }

  /** Answers since when it waited; null where it did not. */
  @Nullable Long remove(K key) {
    return steps.remove(key);
  }

  /** A copy, with the step since which each waits. */
  Map<K, Long> all() {
    return new LinkedHashMap<>(steps);
  }

  /** All, which do not wait any more. */
  Map<K, Long> takeAll() {
    Map<K, Long> all = all();
    steps.clear();
    return all;
  }
}

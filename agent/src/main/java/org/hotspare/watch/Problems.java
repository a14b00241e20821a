package org.hotspare.watch;

import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.RelPath;

/**
 * Paths that could not be mirrored and why, for {@code status}. Bounded: past the limit they are
 * only counted. Safe for any thread.
 */
public final class Problems {
  static final int KEPT = 1000;

  private final Map<Bytes, Problem> byPath = new LinkedHashMap<>();
  private final Map<Bytes, Long> sinceNanos = new HashMap<>();
  private long beyond;

  /** One path and the reason, in words for people. */
  public record Problem(RelPath path, String reason) {}

  /** Notes the problem; a later one of the same path replaces it. Answers whether it is news. */
  public synchronized boolean add(RelPath path, String reason) {
    Problem problem = new Problem(path, reason);
    if (byPath.size() >= KEPT && !byPath.containsKey(path.bytes())) {
      beyond++;
      return false;
    }
    sinceNanos.put(path.bytes(), System.nanoTime());
    return !problem.equals(byPath.put(path.bytes(), problem));
  }

  public synchronized void clear(RelPath path) {
    if (!byPath.isEmpty()) {
      byPath.remove(path.bytes());
      removed();
    }
  }

  /** Forgets those of a path that is gone, and of all below it, except where they stay. */
  synchronized void clearBelow(RelPath gone, Predicate<RelPath> stays) {
    byPath
        .values()
        .removeIf(problem -> problem.path().startsWith(gone) && !stays.test(problem.path()));
    removed();
  }

  /** Forgets what was noted longer ago, for problems that are over once they are told. */
  public synchronized void clearOlderThan(Duration age) {
    long now = System.nanoTime();
    byPath.keySet().removeIf(path -> now - sinceNanos.getOrDefault(path, now) > age.toNanos());
    removed();
  }

  private void removed() {
    sinceNanos.keySet().retainAll(byPath.keySet());
    beyond = byPath.isEmpty() ? 0 : beyond;
  }

  public synchronized void clearAll() {
    byPath.clear();
    beyond = 0;
  }

  public synchronized List<Problem> first(int count) {
    return byPath.values().stream().limit(count).toList();
  }

  public synchronized long count() {
    return byPath.size() + beyond;
  }
}

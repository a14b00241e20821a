package org.hotspare.lease;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * The voters of a cluster. Any two majorities of them share a voter.
 *
 * @param voters in order, so that what is sent to them can be repeated
 * @param size how many make a majority
 */
record Majority(NavigableSet<String> voters, int size) {
  static Majority of(Set<String> voters) {
    return new Majority(
        Collections.unmodifiableNavigableSet(new TreeSet<>(voters)), voters.size() / 2 + 1);
  }

  boolean has(Set<String> some) {
    return some.stream().filter(voters::contains).count() >= size;
  }

  /** The newest round that a majority has acknowledged, given each voter's newest; else 0. */
  long newest(Map<String, Long> acknowledged) {
    List<Long> rounds =
        acknowledged.entrySet().stream()
            .filter(entry -> voters.contains(entry.getKey()))
            .map(Map.Entry::getValue)
            .sorted(Collections.reverseOrder())
            .toList();
    return rounds.size() < size ? 0 : rounds.get(size - 1);
  }
}

package org.hotspare.mirror;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hotspare.index.IndexReader;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.jspecify.annotations.Nullable;

/**
 * When entries that lack something are asked for again: each soon at first, since most could not be
 * read while they changed, and then at intervals that double. However many lack something, a look
 * goes over a bounded part of them, and the next one goes on from there.
 */
final class ShortfallRetries {
  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration LAST = Duration.ofMinutes(5);
  private static final int LOOKED_AT = 1000;

  private final Map<EntryId, Due> due = new HashMap<>();
  private final Set<EntryId> seen = new HashSet<>();
  private Shortfalls.@Nullable Lacking last;

  private record Due(long nanos, Duration next) {
    Due later(long nowNanos) {
      Duration longer = next.multipliedBy(2);
      return new Due(nowNanos + next.toNanos(), longer.compareTo(LAST) < 0 ? longer : LAST);
    }
  }

  /** A file comes with its content, though only its metadata was refused. */
  private static boolean isCostly(IndexReader index, Shortfalls.Lacking lacking) {
    return lacking.ofMetadata()
        && index
            .inode(lacking.id())
            .filter(inode -> inode.entry() instanceof Entry.RegularFile)
            .isPresent();
  }

  /** Whether it knows of none. */
  boolean isEmpty() {
    return due.isEmpty();
  }

  /** Those of which it is time now. */
  Set<EntryId> due(IndexReader index, long nowNanos) {
    List<Shortfalls.Lacking> some = Shortfalls.after(index, last, LOOKED_AT);
    Set<EntryId> now = new LinkedHashSet<>();
    for (Shortfalls.Lacking lacking : some) {
      EntryId id = lacking.id();
      seen.add(id);
      Duration first = isCostly(index, lacking) ? LAST : FIRST;
      Due at = due.computeIfAbsent(id, _ -> new Due(nowNanos + first.toNanos(), first));
      if (at.nanos() - nowNanos <= 0) {
        now.add(id);
        due.put(id, at.later(nowNanos));
      }
    }
    if (some.size() < LOOKED_AT) {
      due.keySet().retainAll(seen);
      seen.clear();
      last = null;
    } else {
      last = some.getLast();
    }
    return now;
  }
}

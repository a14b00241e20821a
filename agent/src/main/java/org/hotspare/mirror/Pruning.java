package org.hotspare.mirror;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hotspare.index.IndexWriter;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.Bytes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes what was kept long enough, every now and then. What refuses to go, such as an immutable
 * file or a mount point, is logged once and tried again each time. Owned by one thread.
 */
final class Pruning {
  private static final Logger LOG = LoggerFactory.getLogger(Pruning.class);

  private final String mirror;

  /** The keys of what refused the last time, which has been logged. */
  private Set<Bytes> known = Set.of();

  Pruning(String mirror) {
    this.mirror = mirror;
  }

  /**
   * @throws IOException if the filesystem fails, other than by refusing single entries
   */
  void prune(IndexWriter index, Workplace work, long nowMillis, long keepMillis)
      throws IOException {
    Map<Bytes, LinuxException> refused = Kept.prune(index, work, nowMillis, keepMillis);
    List<String> added =
        refused.entrySet().stream()
            .filter(entry -> !known.contains(entry.getKey()))
            .map(entry -> String.valueOf(entry.getValue().getMessage()))
            .toList();
    if (!added.isEmpty()) {
      LOG.warn(
          "mirror {}: {} of the entries that were kept cannot be removed yet, the first because of"
              + " {}; trying again",
          mirror,
          added.size(),
          added.getFirst());
    }
    known = Set.copyOf(refused.keySet());
  }
}

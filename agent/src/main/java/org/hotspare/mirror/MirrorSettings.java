package org.hotspare.mirror;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.hotspare.watch.ProcessorLimit;
import org.hotspare.watch.Sweep;
import org.jspecify.annotations.Nullable;

/**
 * What the configuration says of one mirror on this node.
 *
 * @param path of the root
 * @param stateDirectory this mirror's own; it exists
 * @param excludes patterns of what is not mirrored
 * @param guardDeletions how many deletions are always let through
 * @param guardShare which share of all entries, 0 to 1, is always let through
 * @param onChange the command that a standby runs after it applied changes; null for none
 * @param processors what all mirrors of this node together may use
 * @param sweep over what is open for writing, for all mirrors of this node
 * @param shared what has to be equal on all nodes
 */
public record MirrorSettings(
    String name,
    Path path,
    Path stateDirectory,
    List<String> excludes,
    long guardDeletions,
    double guardShare,
    Duration guardWindow,
    @Nullable String onChange,
    ProcessorLimit processors,
    Sweep sweep,
    SharedKeys shared) {
  public MirrorSettings {
    excludes = List.copyOf(excludes);
  }

  Guard.Allowed allowed() {
    return new Guard.Allowed(guardDeletions, guardShare, guardWindow.toMillis());
  }

  Path indexFile() {
    return stateDirectory.resolve("index.db");
  }
}

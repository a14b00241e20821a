package org.hotspare.mirror;

import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.hotspare.watch.Mark;

/**
 * Places of a standby's tree where somebody else changed something, and when they are looked at
 * again: what is moved away and back while rows for it are applied may meet them half-way (for what
 * was not done in directories meanwhile, see {@link OutOfReach}). Once it is quiet and all that was
 * asked for has come, they are looked at again, and a last time a while later; what could not be
 * mended, for as long as it cannot. Times are of {@code System.nanoTime()}.
 */
final class PlacesToMend {
  private static final Duration AGAIN_AFTER = Duration.ofMillis(500);
  private static final Duration LAST_AFTER = Duration.ofSeconds(10);

  /** As many places as are remembered. */
  private static final int MOST = 4096;

  private final Set<Mark> marks = new LinkedHashSet<>();
  private long sinceNanos;
  private boolean lookedAgain;

  void add(Collection<Mark> changed, long nowNanos) {
    if (changed.isEmpty()) {
      return;
    }
    changed.stream().limit(MOST - marks.size()).forEach(marks::add);
    sinceNanos = nowNanos;
    lookedAgain = false;
  }

  boolean isEmpty() {
    return marks.isEmpty();
  }

  /** Those that are to be looked at now; {@link #looked} is to follow. */
  List<Mark> due(boolean isOwed, long nowNanos) {
    Duration rest = lookedAgain ? LAST_AFTER : AGAIN_AFTER;
    boolean quiet = nowNanos - sinceNanos > rest.toNanos() && !isOwed;
    return quiet ? List.copyOf(marks) : List.of();
  }

  /**
   * @param isOwed whether something is to be sent anew now
   * @param unmended what of them could not be mended, which is looked at for as long as it cannot
   */
  void looked(boolean isOwed, Collection<Mark> unmended, long nowNanos) {
    if (lookedAgain && !isOwed) {
      marks.clear();
    }
    unmended.stream().limit(MOST - marks.size()).forEach(marks::add);
    lookedAgain = !isOwed;
    sinceNanos = nowNanos;
  }
}

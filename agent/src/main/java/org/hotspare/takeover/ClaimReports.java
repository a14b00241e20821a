package org.hotspare.takeover;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * When to tell that other machines claim an address: the first at once, and those that follow now
 * and then, all in one. It does not matter who they are: whoever sends many claims can make up as
 * many machines. Pure; times are nanoseconds of one clock.
 */
final class ClaimReports {
  static final Duration BETWEEN = Duration.ofSeconds(10);

  private long claimed;
  private @Nullable Claim last;

  /** How many were not told yet. */
  private long untold;

  /** When it was told last; null if never. */
  private @Nullable Long toldNanos;

  void add(Claim claim) {
    last = claim;
    claimed++;
    untold++;
  }

  /** How many there were in all. */
  long claimed() {
    return claimed;
  }

  /** The last one. */
  Optional<Claim> last() {
    return Optional.ofNullable(last);
  }

  /** When there is something to be told; empty if nothing is. */
  OptionalLong dueNanos(long nowNanos) {
    if (untold == 0) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(toldNanos == null ? nowNanos : toldNanos + BETWEEN.toNanos());
  }

  /** What is to be told now, in a sentence. */
  Optional<String> take(long nowNanos) {
    OptionalLong due = dueNanos(nowNanos);
    if (last == null || due.isEmpty() || nowNanos - due.getAsLong() < 0) {
      return Optional.empty();
    }
    String more = untold == 1 ? "" : " (%d claims since the last report)".formatted(untold);
    untold = 0;
    toldNanos = nowNanos;
    return Optional.of(
        "another machine, %s, claims %s while this node is primary; it is announced anew%s"
            .formatted(last.by(), last.address().getHostAddress(), more));
  }
}

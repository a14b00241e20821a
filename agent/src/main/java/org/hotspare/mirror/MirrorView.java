package org.hotspare.mirror;

import java.util.List;
import org.hotspare.tree.Position;
import org.hotspare.watch.Coverage;
import org.hotspare.watch.Problems;
import org.jspecify.annotations.Nullable;

/**
 * How a mirror is on this node at one moment.
 *
 * @param held what was stopped before it destroyed something, as a question; null where nothing is
 * @param failure why nothing goes on; null while it does
 * @param standbys as seen by the primary; empty on a standby
 * @param copy a first copy or long cut under way; null where none is
 */
public record MirrorView(
    String name,
    State state,
    Position position,
    long entries,
    long bytes,
    Coverage coverage,
    List<StandbyView> standbys,
    List<Problems.Problem> problems,
    long problemCount,
    @Nullable String held,
    @Nullable String failure,
    @Nullable CopyView copy) {

  /** The states of a mirror. */
  public enum State {
    SCANNING,
    COPYING,
    CATCHING_UP,
    IN_SYNC,
    HELD,
    DEGRADED,
    OFFLINE
  }

  /**
   * @param lagChanges how many rows the standby lacks
   * @param lagSeconds for how long it has lacked any
   * @param report what it said of itself last; null before
   */
  public record StandbyView(
      String node,
      boolean connected,
      Position position,
      long lagChanges,
      long lagBytes,
      double lagSeconds,
      boolean complete,
      org.hotspare.wire.Frame.@Nullable Report report) {}

  /** How far a copy is. Totals are 0 while the primary still reads its tree. */
  public record CopyView(
      long doneBytes, long totalBytes, long doneEntries, long totalEntries, long nanos) {}
}

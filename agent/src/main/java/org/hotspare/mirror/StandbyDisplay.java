package org.hotspare.mirror;

import java.util.ArrayList;
import java.util.List;
import org.hotspare.index.Counts;
import org.hotspare.index.IndexReader;
import org.hotspare.tree.Position;
import org.hotspare.watch.Coverage;
import org.hotspare.watch.Problems;
import org.hotspare.wire.Frame;
import org.jspecify.annotations.Nullable;

/** What a standby shows of its mirror: in {@code status}, and in its reports to the primary. */
final class StandbyDisplay {
  private static final int SHOWN_PROBLEMS = 100;

  private final String mirror;
  private final StandbyState state;
  private final Problems problems;

  /**
   * What is not in the index.
   *
   * @param question what an operator has to answer before anything goes on; null for nothing
   * @param failure why nothing goes on; null while it does
   * @param restoring whether what is held is on its way back to the primary
   */
  record Live(
      boolean connected,
      Coverage coverage,
      @Nullable String question,
      @Nullable String failure,
      boolean restoring) {}

  /**
   * What is in the index.
   *
   * @param held of deletions, why and how many; null where none are
   * @param returned whether what is held was taken back to the primary
   * @param lacking how many entries are not as the primary's
   * @param shown the first of those
   */
  record Indexed(
      Position position,
      boolean complete,
      @Nullable String held,
      boolean returned,
      long lacking,
      List<Problems.Problem> shown,
      Counts counts) {
    static Indexed read(IndexReader index) {
      return new Indexed(
          StandbyState.position(index),
          StandbyState.isComplete(index),
          Holding.isOn(index)
              ? "%s; %,d deletions are not repeated here"
                  .formatted(Holding.why(index), Holding.count(index))
              : null,
          Holding.isReturned(index),
          Shortfalls.count(index),
          Shortfalls.first(index, SHOWN_PROBLEMS),
          index.counts());
    }
  }

  StandbyDisplay(String mirror, StandbyState state, Problems problems) {
    this.mirror = mirror;
    this.state = state;
    this.problems = problems;
  }

  MirrorView view(Indexed indexed, Live live) {
    String held = held(indexed, live);
    List<Problems.Problem> shown = new ArrayList<>(indexed.shown);
    List<Problems.Problem> mended = problems.first(SHOWN_PROBLEMS);
    mended.stream().limit(SHOWN_PROBLEMS - shown.size()).forEach(shown::add);
    return new MirrorView(
        mirror,
        held != null ? MirrorView.State.HELD : state(indexed, live),
        indexed.position,
        indexed.counts.entries(),
        indexed.counts.bytes(),
        live.coverage(),
        List.of(),
        shown,
        indexed.lacking + mended.size(),
        held,
        live.failure(),
        copy(indexed.counts.entries()));
  }

  private static @Nullable String held(Indexed indexed, Live live) {
    if (live.question() != null || indexed.held == null) {
      return live.question();
    }
    String taken =
        live.restoring()
            ? ", they are being taken back"
            : indexed.returned ? ", besides what was taken back" : "";
    return indexed.held + taken;
  }

  private MirrorView.State state(Indexed indexed, Live live) {
    if (!live.connected()) {
      return MirrorView.State.OFFLINE;
    }
    if (live.failure() != null) {
      return MirrorView.State.DEGRADED;
    }
    if (!indexed.complete) {
      return MirrorView.State.COPYING;
    }
    if (state.upTo().isAfter(indexed.position)) {
      return MirrorView.State.CATCHING_UP;
    }
    boolean whole = indexed.lacking == 0 && live.coverage().complete();
    return whole ? MirrorView.State.IN_SYNC : MirrorView.State.DEGRADED;
  }

  private MirrorView.@Nullable CopyView copy(long entries) {
    if (!state.isUnderWay() || state.mode() == Frame.Mode.CHANGES) {
      return null;
    }
    boolean known = state.rowsExpected() > 0;
    return new MirrorView.CopyView(
        state.bytesReceived(),
        known ? Math.max(state.bytesExpected(), state.bytesReceived()) : 0,
        entries,
        known ? Math.max(state.rowsExpected() / 2, entries) : 0,
        state.runningNanos());
  }
}

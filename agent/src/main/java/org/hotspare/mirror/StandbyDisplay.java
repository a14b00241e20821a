package org.hotspare.mirror;

import java.util.ArrayList;
import java.util.List;
import org.hotspare.index.Snapshot;
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

  StandbyDisplay(String mirror, StandbyState state, Problems problems) {
    this.mirror = mirror;
    this.state = state;
    this.problems = problems;
  }

  MirrorView view(Snapshot snapshot, Live live) {
    Position position = StandbyState.position(snapshot);
    String held = held(snapshot, live);
    long lacking = Shortfalls.count(snapshot);
    List<Problems.Problem> shown = new ArrayList<>(Shortfalls.first(snapshot, SHOWN_PROBLEMS));
    List<Problems.Problem> mended = problems.first(SHOWN_PROBLEMS);
    mended.stream().limit(SHOWN_PROBLEMS - shown.size()).forEach(shown::add);
    return new MirrorView(
        mirror,
        held != null
            ? MirrorView.State.HELD
            : state(live, StandbyState.isComplete(snapshot), position, lacking == 0),
        position,
        snapshot.counts().entries(),
        snapshot.counts().bytes(),
        live.coverage(),
        List.of(),
        shown,
        lacking + mended.size(),
        held,
        live.failure(),
        copy(snapshot));
  }

  private static @Nullable String held(Snapshot snapshot, Live live) {
    if (live.question() != null) {
      return live.question();
    }
    if (!Holding.isOn(snapshot)) {
      return null;
    }
    String taken =
        live.restoring()
            ? ", they are being taken back"
            : Holding.isReturned(snapshot) ? ", besides what was taken back" : "";
    return "%s; %,d deletions are not repeated here%s"
        .formatted(Holding.why(snapshot), Holding.count(snapshot), taken);
  }

  private MirrorView.State state(
      Live live, boolean complete, Position position, boolean wholeTree) {
    if (!live.connected()) {
      return MirrorView.State.OFFLINE;
    }
    if (live.failure() != null) {
      return MirrorView.State.DEGRADED;
    }
    if (!complete) {
      return MirrorView.State.COPYING;
    }
    if (state.upTo().isAfter(position)) {
      return MirrorView.State.CATCHING_UP;
    }
    boolean whole = wholeTree && live.coverage().complete();
    return whole ? MirrorView.State.IN_SYNC : MirrorView.State.DEGRADED;
  }

  private MirrorView.@Nullable CopyView copy(Snapshot snapshot) {
    if (!state.isUnderWay() || state.mode() == Frame.Mode.CHANGES) {
      return null;
    }
    long entries = snapshot.counts().entries();
    boolean known = state.rowsExpected() > 0;
    return new MirrorView.CopyView(
        state.bytesReceived(),
        known ? Math.max(state.bytesExpected(), state.bytesReceived()) : 0,
        entries,
        known ? Math.max(state.rowsExpected() / 2, entries) : 0,
        state.runningNanos());
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hotspare.index.IndexReader;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.EntryId;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.wire.Frame;

/**
 * Whether a tree that its index does not explain is known to be a copy of the connected primary's,
 * so that nobody has to be asked before an inventory changes it.
 */
final class OwnCopy {
  private final MirrorRoot root;
  private final StandbyState state;
  private final Guard guard;

  /** Outside the index: that this node had a complete copy, whatever became of its index. */
  private final Path completeMarker;

  OwnCopy(MirrorRoot root, StandbyState state, Guard guard, Path stateDirectory) {
    this.root = root;
    this.state = state;
    this.guard = guard;
    this.completeMarker = stateDirectory.resolve("copied");
  }

  void markComplete() throws IOException {
    if (!Files.exists(completeMarker)) {
      Files.writeString(completeMarker, "");
    }
  }

  boolean isKnown(IndexReader index, Frame.CutBegin cut, Inventory.Verdict verdict)
      throws IOException {
    if (Holding.isOn(index)) {
      return false;
    }
    if (wasAwayForLong(index)) {
      return !guard.isTooMany(verdict.extra(), index.counts().entries());
    }
    boolean unknown = index.inode(EntryId.ROOT).isEmpty();
    boolean indexLost = unknown && root.isKnown() && Files.exists(completeMarker);
    // Stopped before there was anything to go on from: what is here was put in place by it.
    boolean firstCopy = state.hasBegunEmpty(index) && !StandbyState.isComplete(index);
    return indexLost || firstCopy || isAheadOfPrimary(index, cut);
  }

  /** Its copy is complete and the primary went through its position, but forgot deletions since. */
  boolean wasAwayForLong(IndexReader index) {
    return StandbyState.isComplete(index)
        && StandbyState.history(index).equals(state.historyOfPrimary())
        && state.lineageOfPrimary().contains(StandbyState.position(index));
  }

  /** The primary lost the end of its history; this node's rows past it give way, and are kept. */
  private boolean isAheadOfPrimary(IndexReader index, Frame.CutBegin cut) {
    return !StandbyState.history(index).equals(Bytes.EMPTY)
        && StandbyState.history(index).equals(state.historyOfPrimary())
        && StandbyState.isComplete(index)
        && cut.to().epoch() > 0;
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.NameRow;
import org.hotspare.linux.DirFd;
import org.hotspare.tree.Change;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Position;
import org.hotspare.tree.Timestamp;
import org.hotspare.watch.DeviceNumber;

/**
 * Makes of a standby's copy one that a primary goes on from, in one transaction and for a new
 * epoch:
 *
 * <ul>
 *   <li>a batch in which the node died is taken back, so that every file is old or new;
 *   <li>what waits in limbo goes back to the name that it had, or is kept where another has that;
 *   <li>deletions that are held are dropped: what they were of is numbered anew, so that others get
 *       it back;
 *   <li>what this node owed, or was to fetch, is not asked for any more.
 * </ul>
 *
 * <p>From then on what is in the tree counts: the tracker's first scan numbers where it differs.
 */
final class Promotion {
  private final IndexWriter index;
  private final Workplace work;

  /** Entries in limbo that were looked at, since one may wait for a directory that waits. */
  private final Set<EntryId> seen = new HashSet<>();

  private Promotion(IndexWriter index, Workplace work) {
    this.index = index;
    this.work = work;
  }

  /**
   * Opens the epoch.
   *
   * @param died whether the process that had the index before may have died within a batch
   */
  static void run(IndexWriter index, Workplace work, OwnFiles own, boolean died, long epoch)
      throws IOException {
    DeviceNumber.follow(index, work.root());
    boolean inFlight = !Guard.inFlight(index).isEmpty();
    if (died || inFlight || StandbyState.mayHaveDied(index)) {
      new Rollback(index, work, own, inFlight).run();
      StandbyState.recovered(index);
    }
    openEpoch(index, epoch);
    new Promotion(index, work).settleLimbo();
    Holding.abandon(index);
    StandbyState.promoted(index);
    // What was moved is on the disk before the index says so: nobody would take it back any more.
    work.root().syncfs();
    PrimaryMirror.noteSynced(index);
  }

  /**
   * Of a cut that did not arrive as a whole some rows are here and others are not. So the history
   * that this node goes on from ends where it was whole, and what is here beyond is numbered anew:
   * whoever has all of that cut did not go through the same.
   */
  private static void openEpoch(IndexWriter index, long epoch) {
    Position whole = StandbyState.position(index);
    List<Change> beyond = new ArrayList<>();
    if (index.head().isAfter(whole)) {
      index.changes(whole, index.head(), beyond::add);
      index.setLineage(index.lineage().until(whole));
    }
    index.openEpoch(epoch);
    beyond.forEach(change -> numberAnew(index, change));
  }

  private static void numberAnew(IndexWriter index, Change change) {
    Position next = index.nextPosition();
    switch (change) {
      case Change.InodeSet set ->
          index
              .inode(set.id())
              .ifPresent(
                  inode ->
                      index.put(
                          new Inode(inode.id(), next, inode.born(), inode.entry(), inode.local())));
      case Change.InodeGone gone -> index.remove(gone.id(), next);
      case Change.NameSet set ->
          index.putName(new NameRow(set.parent(), set.name(), set.id(), next));
      case Change.NameGone gone -> index.removeName(gone.parent(), gone.name(), next);
    }
  }

  private void settleLimbo() throws IOException {
    Map<EntryId, Origin> origins = Removals.origins(index);
    try (Places places = new Places(work)) {
      for (EntryId id : List.copyOf(origins.keySet())) {
        settle(id, origins, places);
      }
    }
  }

  private void settle(EntryId id, Map<EntryId, Origin> origins, Places places) throws IOException {
    Origin origin = origins.get(id);
    Inode inode = index.inode(id).orElse(null);
    if (origin == null || inode == null || !seen.add(id) || !work.isInLimbo(id)) {
      return;
    }
    settle(origin.parent(), origins, places);
    DirFd directory = places.directory(index, origin.parent());
    if (directory != null
        && directory.statIfPresent(origin.name()) == null
        && index.name(origin.parent(), origin.name()).isEmpty()) {
      Timestamp modified = directory.stat().modified();
      work.limbo().renameNoReplace(Workplace.nameOf(id), directory, origin.name());
      directory.setModified(modified);
      index.putName(new NameRow(origin.parent(), origin.name(), id, index.nextPosition()));
      places.forget(id);
    } else {
      Kept.take(
          index,
          work,
          KeptRecord.Reason.FOREIGN,
          work.limbo(),
          Workplace.nameOf(id),
          origin,
          inode);
    }
    Removals.forgetLimbo(index, id);
  }
}

package org.hotspare.mirror;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.hotspare.index.Index;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.Local;
import org.hotspare.index.Snapshot;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Entry;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Position;
import org.hotspare.tree.Timestamp;
import org.hotspare.wire.Frame;

/**
 * How far a standby's copy is: durably in its index, and, for {@code status}, what is under way.
 * The durable part is written by the applying thread; the rest is safe for any.
 */
final class StandbyState {
  private static final String POSITION = "position";
  private static final String RESUME = "resume";
  private static final String HISTORY = "history";
  private static final String COMPLETE = "complete";
  private static final String DIED = "died";
  private static final String BEGAN_EMPTY = "began-empty";

  private volatile Frame.Mode mode = Frame.Mode.CHANGES;
  private volatile long rowsExpected;
  private volatile long bytesExpected;
  private volatile long startedNanos;
  private final AtomicLong bytesReceived = new AtomicLong();
  private volatile boolean underWay;
  private volatile Position upTo = Position.NONE;
  private volatile Bytes history = Bytes.EMPTY;
  private volatile Lineage lineage = Lineage.EMPTY;
  private final Freshness freshness = new Freshness();

  /** Where the last cut ended that is here as a whole. */
  private Position arrivedAt = Position.NONE;

  /** The newest row that came in this connection, which may be newer than its cut. */
  private Position newest = Position.NONE;

  static Position position(IndexReader index) {
    return index.fact(POSITION).map(StandbyState::decode).orElse(Position.NONE);
  }

  /** From where to go on: behind {@link #position} only in a first copy that was interrupted. */
  static Position resume(IndexReader index) {
    Position resume = index.fact(RESUME).map(StandbyState::decode).orElse(Position.NONE);
    Position position = position(index);
    return resume.isAfter(position) ? resume : position;
  }

  static Bytes history(IndexReader index) {
    return index.fact(HISTORY).orElse(Bytes.EMPTY);
  }

  /** The history that the connected primary sends. */
  Bytes historyOfPrimary() {
    return history;
  }

  /** The lineage that the connected primary had when this standby subscribed. */
  Lineage lineageOfPrimary() {
    return lineage;
  }

  static boolean isComplete(IndexReader index) {
    return index.fact(COMPLETE).isPresent();
  }

  /** Before the first row of a first copy into an empty tree. */
  void beginsEmpty(IndexWriter index) {
    index.putFact(BEGAN_EMPTY, history);
  }

  /**
   * Whether all that is in the tree came from the connected primary's history, or was put there
   * since: the tree was empty when its first copy began.
   */
  boolean hasBegunEmpty(IndexReader index) {
    return index.fact(BEGAN_EMPTY).map(history::equals).orElse(false);
  }

  /** The primary said which history it sends. */
  void subscribed(Frame.Subscribed subscribed) {
    history = subscribed.history();
    lineage = subscribed.lineage();
    newest = Position.NONE;
  }

  /** Where the primary has nothing more than this copy, nothing comes that would say so. */
  void compare(Frame.Subscribed subscribed, IndexReader index) {
    boolean all =
        subscribed.mode() == Frame.Mode.CHANGES
            && subscribed.history().equals(history(index))
            && subscribed.lineage().head().equals(position(index));
    if (all) {
      freshness.lacksNothing();
    }
  }

  /** There is nobody any more who would tell of changes. */
  void disconnected() {
    freshness.disconnected();
  }

  /** See {@link StandbyMirror#lag}. */
  Optional<Duration> lag() {
    return freshness.lag();
  }

  /** Whether this copy is, or was when its process ended, that of a standby. */
  static boolean isStandby(IndexReader index) {
    return index.fact(POSITION).isPresent() || index.fact(RESUME).isPresent();
  }

  /**
   * This node becomes primary: how far it was as a standby is of no account any more, nor what it
   * owed.
   */
  static void promoted(IndexWriter index) {
    for (String fact : List.of(POSITION, RESUME, COMPLETE, BEGAN_EMPTY)) {
      index.putFact(fact, null);
    }
    Guard.forget(index);
    OutOfReach.forget(index);
    DirectoryTimes.forget(index);
    Shortfalls.forget(index);
  }

  /**
   * The index was opened by a standby.
   *
   * @param clean whether it was closed cleanly before
   * @param resuming see {@link StandbyMirror#resume}
   */
  static void opened(IndexWriter index, boolean clean, boolean resuming) {
    if (!clean) {
      index.putFact(DIED, Bytes.of("yes"));
    }
    if (resuming && !isStandby(index) && index.fact(HISTORY).isPresent()) {
      demoted(index, clean);
    }
  }

  /**
   * A former primary has all that it numbered. Of what it had not read since it changed, or had not
   * on its disk, it only said so: those files are compared by their content before they count.
   */
  private static void demoted(IndexWriter index, boolean clean) {
    long synced = clean ? Long.MAX_VALUE : PrimaryMirror.syncedSeconds(index);
    List<Inode> doubtful = new ArrayList<>();
    index.inodes(
        inode -> {
          Local local = inode.local();
          boolean doubted =
              local != null
                  && inode.entry() instanceof Entry.RegularFile
                  && (!local.settled() || local.changed().seconds() >= synced);
          if (doubted) {
            doubtful.add(inode);
          }
        });
    doubtful.forEach(inode -> index.put(doubted(inode, clean)));
    index.putFact(POSITION, encode(index.head()));
    index.putFact(COMPLETE, Bytes.of("yes"));
  }

  /**
   * Differs from whatever is found. A digest is of what was read last: where a file changed since,
   * and nobody knows whether what was sent then is what is on the disk now, it says nothing.
   */
  private static Inode doubted(Inode inode, boolean clean) {
    Local local = Objects.requireNonNull(inode.local());
    Local other =
        new Local(local.device(), local.inode(), local.born(), Timestamp.EPOCH, false, null);
    boolean unread = !clean && !local.settled();
    Entry entry =
        unread && inode.entry() instanceof Entry.RegularFile file
            ? file.withContent(file.size(), null, 0)
            : inode.entry();
    return new Inode(inode.id(), inode.version(), inode.born(), entry, other);
  }

  /** Whether the process or the machine may have died within a batch that was not taken back. */
  static boolean mayHaveDied(IndexReader index) {
    return index.fact(DIED).isPresent();
  }

  static boolean mayHaveDied(Index index) {
    try (Snapshot snapshot = index.snapshot()) {
      return mayHaveDied(snapshot);
    }
  }

  /** Whatever was half done is taken back. */
  static void recovered(IndexWriter index) {
    index.putFact(DIED, null);
  }

  /** Within the transaction that applied the last rows of a cut. */
  void arrived(IndexWriter index, Frame.CutBegin cut) {
    arrivedAt = cut.to();
    index.putFact(POSITION, encode(cut.to()));
    if (cut.mode() != Frame.Mode.CHANGES && cut.to().isAfter(index.forgotten())) {
      // What was deleted before was not told, so that it cannot be told to others.
      index.forgetTombstones(cut.to());
    }
    index.putFact(RESUME, null);
    index.putFact(HISTORY, history);
    endLineage(index, cut.to());
    if (cut.mode() != Frame.Mode.FIRST_COPY) {
      index.putFact(COMPLETE, Bytes.of("yes"));
    }
  }

  /**
   * Within the transaction of any batch: rows up to the cut's end, and those of the batch that are
   * newer, may be here from now on, whether the cut arrives as a whole or not. A primary that lost
   * the end of its history sees by this that this node is ahead of it.
   */
  void holdsRowsOf(IndexWriter index, Frame.CutBegin cut, List<Change> batch) {
    for (Change change : batch) {
      newest = change.version().isAfter(newest) ? change.version() : newest;
    }
    endLineage(index, cut.to());
  }

  private void endLineage(IndexWriter index, Position cutEnd) {
    lineage = lineage.withEnd(newest.isAfter(cutEnd) ? newest : cutEnd);
    index.setLineage(lineage);
  }

  void reached(IndexWriter index, Position through) {
    index.putFact(RESUME, encode(through));
    index.putFact(HISTORY, history);
  }

  private static Bytes encode(Position position) {
    return Bytes.wrap(ByteBuffer.allocate(8).putLong(position.packed()).array());
  }

  private static Position decode(Bytes stored) {
    return Position.unpack(ByteBuffer.wrap(stored.array()).getLong());
  }

  // ---- what is under way

  void cutBegins(Frame.CutBegin cut) {
    if (cut.mode() != mode || !underWay) {
      bytesReceived.set(0);
      startedNanos = System.nanoTime();
    }
    mode = cut.mode();
    rowsExpected = cut.rows();
    bytesExpected = cut.bytes();
    upTo = cut.to();
    underWay = true;
    freshness.cutBegins();
  }

  void cutEnds(Frame.CutBegin cut) {
    underWay = cut.mode() == Frame.Mode.FIRST_COPY;
    if (!underWay && arrivedAt.equals(cut.to())) {
      freshness.cutIsWhole();
    }
  }

  void received(long bytes) {
    bytesReceived.addAndGet(bytes);
  }

  boolean isUnderWay() {
    return underWay;
  }

  Frame.Mode mode() {
    return mode;
  }

  Position upTo() {
    return upTo;
  }

  long rowsExpected() {
    return rowsExpected;
  }

  long bytesExpected() {
    return bytesExpected;
  }

  long bytesReceived() {
    return bytesReceived.get();
  }

  long runningNanos() {
    return System.nanoTime() - startedNanos;
  }
}

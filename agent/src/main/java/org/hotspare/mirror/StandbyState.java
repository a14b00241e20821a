package org.hotspare.mirror;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Position;
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

  /** Within the transaction that applied the last rows of a cut. */
  void arrived(IndexWriter index, Frame.CutBegin cut) {
    index.putFact(POSITION, encode(cut.to()));
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
  }

  void cutEnds(Frame.CutBegin cut) {
    underWay = cut.mode() == Frame.Mode.FIRST_COPY;
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

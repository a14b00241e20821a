package org.hotspare.index;

import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;

/**
 * What the index knows about itself as a whole: one row, written with every transaction that
 * changes it.
 *
 * @param ended the ends of all epochs before that of the head, oldest first
 * @param head the position of the youngest change
 * @param ownEpoch the epoch in which this node gives positions and ids; 0 where it gives none
 * @param lastIdCounter the counter of the id given last in it
 * @param forgotten tombstones up to this position were dropped
 */
record State(
    List<Position> ended,
    Position head,
    long ownEpoch,
    long lastIdCounter,
    long entries,
    long bytes,
    Position forgotten) {
  private static final String READ =
      "SELECT ended, head, own_epoch, last_id, entries, bytes, forgotten FROM state WHERE one = 1";
  private static final String WRITE =
      "UPDATE state SET ended = ?, head = ?, own_epoch = ?, last_id = ?, entries = ?, bytes = ?,"
          + " forgotten = ? WHERE one = 1";

  static State read(Database database) throws SQLException {
    return required(
        database
            .prepared(READ)
            .first(
                row ->
                    Decoding.of(
                        () ->
                            new State(
                                unpackAll(row.array(1)),
                                Position.unpack(row.number(2)),
                                row.number(3),
                                row.number(4),
                                row.number(5),
                                row.number(6),
                                Position.unpack(row.number(7))))));
  }

  /** Whether the index was closed; read before {@link #setClean} says that it is open. */
  static boolean isClean(Database database) throws SQLException {
    return required(
        database
            .prepared("SELECT clean FROM state WHERE one = 1")
            .first(row -> row.number(1) == 1));
  }

  private static <T> T required(@Nullable T value) {
    if (value == null) {
      throw new IndexException(IndexException.Kind.DAMAGED, "the index has lost its state");
    }
    return value;
  }

  static void setClean(Database database, boolean clean) throws SQLException {
    database.prepared("UPDATE state SET clean = ? WHERE one = 1").set(1, clean ? 1 : 0).run();
  }

  void write(Database database) throws SQLException {
    database
        .prepared(WRITE)
        .set(1, packAll(ended))
        .set(2, head.packed())
        .set(3, ownEpoch)
        .set(4, lastIdCounter)
        .set(5, entries)
        .set(6, bytes)
        .set(7, forgotten.packed())
        .run();
  }

  Lineage lineage() {
    Lineage before = new Lineage(ended);
    return head.equals(Position.NONE) ? before : before.withEnd(head);
  }

  /** With the next position as the head. */
  State withNextPosition() {
    requireOwnEpoch();
    return withHead(new Position(ownEpoch, head.sequence() + 1));
  }

  /** With one more id given. */
  State withNextId() {
    requireOwnEpoch();
    return new State(ended, head, ownEpoch, lastIdCounter + 1, entries, bytes, forgotten);
  }

  EntryId lastId() {
    return EntryId.of(ownEpoch, lastIdCounter);
  }

  State withEpoch(long epoch) {
    if (epoch <= head.epoch()) {
      throw new IllegalArgumentException(
          "epoch " + epoch + " is not after " + head.epoch() + ", the current one");
    }
    return new State(lineage().ends(), new Position(epoch, 0), epoch, 0, entries, bytes, forgotten);
  }

  /** With another history, in which this node gives no positions until it opens an epoch. */
  State withLineage(Lineage lineage) {
    List<Position> ends = lineage.ends();
    List<Position> before = ends.isEmpty() ? ends : ends.subList(0, ends.size() - 1);
    return new State(List.copyOf(before), lineage.head(), 0, 0, entries, bytes, forgotten);
  }

  State withCounts(long newEntries, long newBytes) {
    return new State(ended, head, ownEpoch, lastIdCounter, newEntries, newBytes, forgotten);
  }

  State withForgotten(Position position) {
    return position.isAfter(forgotten)
        ? new State(ended, head, ownEpoch, lastIdCounter, entries, bytes, position)
        : this;
  }

  private State withHead(Position position) {
    return new State(ended, position, ownEpoch, lastIdCounter, entries, bytes, forgotten);
  }

  private void requireOwnEpoch() {
    if (ownEpoch == 0) {
      throw new IllegalStateException("this node has opened no epoch");
    }
  }

  private static byte[] packAll(List<Position> positions) {
    ByteBuffer packed = ByteBuffer.allocate(positions.size() * Long.BYTES);
    for (Position position : positions) {
      packed.putLong(position.packed());
    }
    return packed.array();
  }

  private static List<Position> unpackAll(byte[] packed) {
    ByteBuffer buffer = ByteBuffer.wrap(packed);
    List<Position> positions = new ArrayList<>();
    while (buffer.hasRemaining()) {
      positions.add(Position.unpack(buffer.getLong()));
    }
    return new Lineage(positions).ends();
  }
}

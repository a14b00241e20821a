package org.hotspare.index;

import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;

/**
 * One transaction's writing side: it sees its own changes, and all of them become visible together
 * or not at all. Owned by the thread that runs the transaction.
 */
public interface IndexWriter extends IndexReader {
  /**
   * The next position of the epoch that this node opened: the caller gives it to the row it
   * changes.
   *
   * @throws IllegalStateException if it opened none since {@link #setLineage}
   */
  Position nextPosition();

  /**
   * The next id of the epoch that this node opened.
   *
   * @throws IllegalStateException if it opened none since {@link #setLineage}
   */
  EntryId nextId();

  /**
   * Opens a new epoch, so that positions and ids are given in it from now on. The head becomes its
   * position 0, before its first change.
   *
   * @throws IllegalArgumentException if it is not higher than the current one
   */
  void openEpoch(long epoch);

  /** Writes an inode row, new or not, also over a tombstone. */
  void put(Inode inode);

  /** Writes only what is local to this node; the version stays. */
  void putLocal(EntryId id, @Nullable Local local);

  /**
   * A filesystem got another device number, as it may whenever it is mounted: all rows that lie on
   * the one of that number lie on the other now. What had the other number before lies on none that
   * is known, until it is seen again.
   */
  void moveDevice(long from, long to);

  /** Writes the content that was read of a file; the version stays. No-op where the row is gone. */
  void putContent(EntryId id, long size, Digest digest, long layout);

  /** Replaces an inode row by a tombstone and forgets its signature. */
  void remove(EntryId id, Position version);

  void putName(NameRow row);

  /** Replaces a name row by a tombstone. */
  void removeName(EntryId parent, Name name, Position version);

  void putSignature(EntryId id, @Nullable Bytes signature);

  /**
   * On a standby: what it has applied; on a primary positions are given by {@link #nextPosition}.
   */
  void setLineage(Lineage lineage);

  /** Drops tombstones whose version is at most {@code upTo} and remembers that it did. */
  void forgetTombstones(Position upTo);

  void putFact(String key, @Nullable Bytes value);

  /** Writes or, with null, deletes a row of a small table. */
  void putNote(String table, Bytes key, @Nullable Bytes value);

  /** Removes all notes of a table. */
  default void clearNotes(String table) {
    notes(table).forEach(note -> putNote(table, note.key(), null));
  }

  /** Empties all rows, names, tombstones and signatures; facts and notes stay. */
  void clearRows();
}

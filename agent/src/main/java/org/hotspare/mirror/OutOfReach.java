package org.hotspare.mirror;

import java.util.List;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.EntryId;

/**
 * Directories of a standby's tree that were not at their place when they were looked at or when
 * something was to be done in them, since somebody had moved them away. The index goes on as if it
 * had been done. So one that comes back, or was made anew, may hold what was to be removed and lack
 * what was to come, which no event tells: it and all below it is to be compared as soon as it can
 * be opened. Noted in the index, together with what was not done.
 */
final class OutOfReach {
  private static final String TABLE = "out-of-reach";

  private OutOfReach() {}

  static void add(IndexWriter index, EntryId directory) {
    if (!contains(index, directory)) {
      index.putNote(TABLE, directory.toBytes(), Bytes.EMPTY);
    }
  }

  private static boolean contains(IndexReader index, EntryId directory) {
    return index.note(TABLE, directory.toBytes()).isPresent();
  }

  /** Those that do not lie in another: when that can be opened, they are compared with it. */
  static List<EntryId> topmost(IndexReader index) {
    return index.notes(TABLE).stream()
        .map(note -> EntryId.of(note.key()))
        .filter(id -> index.namesOf(id).stream().noneMatch(row -> contains(index, row.parent())))
        .toList();
  }

  static boolean isEmpty(IndexReader index) {
    return index.countNotes(TABLE) == 0;
  }

  /** None is waited for any more. */
  static void forget(IndexWriter index) {
    index.clearNotes(TABLE);
  }

  /** It was compared, or is none of the tree any more. */
  static void remove(IndexWriter index, EntryId directory) {
    index.putNote(TABLE, directory.toBytes(), null);
  }
}

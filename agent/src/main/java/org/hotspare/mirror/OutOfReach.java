package org.hotspare.mirror;

import java.util.List;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.EntryId;

/**
 * Directories of a standby's tree that were not at their place when something was to be done in
 * them, since somebody had moved them away. The index goes on as if it had been done. So one that
 * comes back may hold what was to be removed and lack what was to come, which no event tells: it is
 * to be compared as soon as it can be opened. Noted in the index, with what was not done.
 */
final class OutOfReach {
  private static final String TABLE = "out-of-reach";

  private OutOfReach() {}

  static void add(IndexWriter index, EntryId directory) {
    index.putNote(TABLE, directory.toBytes(), Bytes.EMPTY);
  }

  static List<EntryId> all(IndexReader index) {
    return index.notes(TABLE).stream().map(note -> EntryId.of(note.key())).toList();
  }

  /** It was compared, or is none of the tree any more. */
  static void remove(IndexWriter index, EntryId directory) {
    index.putNote(TABLE, directory.toBytes(), null);
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.linux.DirFd;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Timestamp;
import org.hotspare.watch.EntryReader;

/**
 * The times of directories around a deletion that is held: every deletion changes the time of the
 * directory that it happened in, so bringing the entries back means bringing these back too. Kept
 * in the index; written by the applying thread.
 */
final class DirectoryTimes {
  private static final String WITHHELD = "times-withheld";

  private DirectoryTimes() {}

  /** While deletions are held, a directory keeps its time; the new one is fetched afterwards. */
  static Entry.Directory withhold(IndexWriter index, Inode existing, Entry.Directory entry) {
    Timestamp old = existing.entry().metadata().modified();
    if (!old.equals(entry.metadata().modified())) {
      index.putNote(WITHHELD, existing.id().toBytes(), Bytes.EMPTY);
    }
    return at(entry, old);
  }

  private static Entry.Directory at(Entry.Directory entry, Timestamp time) {
    Metadata m = entry.metadata();
    return entry.with(new Metadata(m.permissions(), m.owner(), m.group(), time, m.attributes()));
  }

  /** Gives directories the times back that they had before something left them. */
  static void restore(IndexWriter index, Places places, Map<EntryId, Timestamp> before)
      throws IOException {
    before.forEach(
        (id, time) ->
            index
                .inode(id)
                .filter(inode -> inode.entry() instanceof Entry.Directory)
                .ifPresent(inode -> restore(index, inode, time)));
    apply(index, places, before.keySet());
  }

  private static void restore(IndexWriter index, Inode inode, Timestamp time) {
    Entry.Directory entry = (Entry.Directory) inode.entry();
    index.put(new Inode(inode.id(), inode.version(), inode.born(), at(entry, time), inode.local()));
    index.putNote(WITHHELD, inode.id().toBytes(), Bytes.EMPTY);
  }

  /**
   * A directory takes in what was in one whose deletion is held, and has the older of their times
   * from now on, also once that is brought back into it.
   */
  static void takeOver(IndexWriter index, Inode held, EntryId successor) {
    Inode inode = index.inode(successor).orElse(null);
    if (inode != null) {
      Timestamp time = held.entry().metadata().modified();
      Timestamp own = inode.entry().metadata().modified();
      restore(index, inode, time.compareTo(own) < 0 ? time : own);
    }
  }

  /** Sets the directories' times as the index has them. */
  static void apply(IndexWriter index, Places places, Set<EntryId> directories) throws IOException {
    for (EntryId id : directories) {
      Inode inode = index.inode(id).orElse(null);
      DirFd directory = inode == null ? null : places.directory(index, id);
      if (inode != null && directory != null) {
        directory.setModified(inode.entry().metadata().modified());
        index.putLocal(id, EntryReader.local(directory.stat(), true));
      }
    }
  }

  /** Whether a directory keeps an older time here than the primary's has. */
  static boolean isWithheld(IndexReader index, EntryId id) {
    return index.note(WITHHELD, id.toBytes()).isPresent();
  }

  /**
   * The directories whose times were withheld, once nothing is held any more: they are to be
   * fetched anew. Each is one of them until it has come.
   */
  static Set<EntryId> due(IndexReader index) {
    if (Holding.isOn(index)) {
      return Set.of();
    }
    Set<EntryId> ids = new LinkedHashSet<>();
    for (IndexReader.Note note : index.notes(WITHHELD)) {
      EntryId id = EntryId.of(note.key());
      if (index.inode(id).isPresent()) {
        ids.add(id);
      }
    }
    return ids;
  }

  /** The directories keep the times that they have. */
  static void forget(IndexWriter index) {
    index.clearNotes(WITHHELD);
  }

  /** Forgets the directories that are no more. */
  static void forgetGone(IndexWriter index) {
    for (IndexReader.Note note : index.notes(WITHHELD)) {
      if (index.inode(EntryId.of(note.key())).isEmpty()) {
        index.putNote(WITHHELD, note.key(), null);
      }
    }
  }

  /** A directory has the primary's time. */
  static void settle(IndexWriter index, EntryId id) {
    if (isWithheld(index, id)) {
      index.putNote(WITHHELD, id.toBytes(), null);
    }
  }
}

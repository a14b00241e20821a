package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
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
  private static final String BEFORE = "times";
  private static final String WITHHELD = "times-withheld";

  private DirectoryTimes() {}

  /**
   * A directory is about to get another time: remembers the one that it had when the changes began.
   */
  static void noteBefore(IndexWriter index, Inode directory) {
    Bytes key = key(directory.id());
    long now = System.currentTimeMillis();
    boolean known = index.note(BEFORE, key).map(note -> isRecent(note.value(), now)).orElse(false);
    if (!known) {
      Timestamp time = directory.entry().metadata().modified();
      ByteBuffer value = ByteBuffer.allocate(20);
      value.putLong(now).putLong(time.seconds()).putInt(time.nanos());
      index.putNote(BEFORE, key, Bytes.wrap(value.array()));
    }
  }

  private static boolean isRecent(Bytes value, long nowMillis) {
    return nowMillis - ByteBuffer.wrap(value.array()).getLong() < Kept.KEEP_MILLIS;
  }

  /** While deletions are held, a directory keeps its time; the new one is fetched afterwards. */
  static Entry.Directory withhold(IndexWriter index, Inode existing, Entry.Directory entry) {
    Timestamp old = existing.entry().metadata().modified();
    if (!old.equals(entry.metadata().modified())) {
      index.putNote(WITHHELD, key(existing.id()), Bytes.EMPTY);
    }
    return at(entry, old);
  }

  private static Entry.Directory at(Entry.Directory entry, Timestamp time) {
    Metadata m = entry.metadata();
    return entry.with(new Metadata(m.permissions(), m.owner(), m.group(), time, m.attributes()));
  }

  /** Gives directories the times back that they had at {@code sinceMillis}. */
  static void restore(IndexWriter index, Places places, Set<EntryId> touched, long sinceMillis)
      throws IOException {
    Set<EntryId> directories = new LinkedHashSet<>(touched);
    for (IndexReader.Note note : index.notes(BEFORE)) {
      ByteBuffer value = ByteBuffer.wrap(note.value().array());
      EntryId id = new EntryId(ByteBuffer.wrap(note.key().array()).getLong());
      Inode inode = index.inode(id).orElse(null);
      boolean applies = value.getLong() >= sinceMillis - Kept.KEEP_MILLIS && inode != null;
      if (applies && inode != null && inode.entry() instanceof Entry.Directory entry) {
        Timestamp old = new Timestamp(value.getLong(), value.getInt());
        index.put(new Inode(id, inode.version(), inode.born(), at(entry, old), inode.local()));
        index.putNote(WITHHELD, note.key(), Bytes.EMPTY);
        directories.add(id);
      }
    }
    apply(index, places, directories);
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

  /** The directories whose times were withheld: they are to be fetched anew. */
  static Set<EntryId> takeWithheld(IndexWriter index) {
    Set<EntryId> ids = new LinkedHashSet<>();
    for (IndexReader.Note note : index.notes(WITHHELD)) {
      EntryId id = new EntryId(ByteBuffer.wrap(note.key().array()).getLong());
      index.putNote(WITHHELD, note.key(), null);
      if (index.inode(id).isPresent() && !Removals.isHeldEntry(index, id)) {
        ids.add(id);
      }
    }
    return ids;
  }

  static void prune(IndexWriter index, long nowMillis) {
    for (IndexReader.Note note : index.notes(BEFORE)) {
      if (!isRecent(note.value(), nowMillis)) {
        index.putNote(BEFORE, note.key(), null);
      }
    }
  }

  private static Bytes key(EntryId id) {
    return Bytes.wrap(ByteBuffer.allocate(8).putLong(id.value()).array());
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hotspare.index.Child;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.NameRow;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.Excludes;
import org.hotspare.watch.Problems;
import org.jspecify.annotations.Nullable;

/**
 * How entries leave a standby's tree: into the work directory, or, while deletions are held, not at
 * all.
 *
 * <p>Holding: the tombstone of an entry is noted and its file stays where it is; so is a name that
 * was removed, since the entry's tombstone may follow. All other rows go through. Owned by the
 * applying thread; what is held is kept in the index.
 */
final class Removals {
  private static final String HELD = "held";
  private static final String LEAVING = "leaving";
  private static final String LIMBO = "limbo";
  private static final String HOLDING = "holding";

  private final Excludes excludes;
  private final Problems problems;

  /** Nothing is kept of what a first copy replaces: it replaces only its own earlier attempts. */
  private boolean keeping = true;

  Removals(Excludes excludes, Problems problems) {
    this.excludes = excludes;
    this.problems = problems;
  }

  void setKeeping(boolean keep) {
    keeping = keep;
  }

  // ---- what leaves

  void take(
      IndexWriter index,
      Workplace work,
      DirFd directory,
      Name name,
      EntryId parent,
      Name oldName,
      Inode inode)
      throws IOException {
    Kept.take(index, work, KeptRecord.Reason.DELETED, directory, name, parent, oldName, inode);
  }

  /** Takes an entry out that lost its name before: its record tells the name that it had. */
  void takeFromLimbo(IndexWriter index, Workplace work, Name waiting, Inode inode)
      throws IOException {
    EntryId parent = EntryId.ROOT;
    Name name = waiting;
    NameRow old = oldName(index, inode);
    if (old != null) {
      parent = old.parent();
      name = old.name();
      index.putNote(LIMBO, key(inode.id()), null);
    }
    take(index, work, work.limbo(), waiting, parent, name, inode);
  }

  /** The name that an entry had before it came to limbo; null where none is known. */
  @Nullable NameRow oldName(IndexReader index, Inode inode) {
    Optional<IndexReader.Note> note = index.note(LIMBO, key(inode.id()));
    if (note.isEmpty()) {
      return null;
    }
    byte[] value = note.get().value().array();
    EntryId parent = new EntryId(ByteBuffer.wrap(value).getLong());
    Name name = Name.of(Arrays.copyOfRange(value, 8, value.length));
    return new NameRow(parent, name, inode.id(), inode.version());
  }

  /** Remembers where an entry had been that waits in limbo now. */
  void noteLimbo(IndexWriter index, NameRow row) {
    byte[] name = row.name().bytes().array();
    ByteBuffer value = ByteBuffer.allocate(8 + name.length);
    value.putLong(row.parent().value()).put(name);
    index.putNote(LIMBO, key(row.id()), Bytes.wrap(value.array()));
  }

  void unlinked(IndexWriter index, NameRow row, Inode inode) {
    if (keeping) {
      Kept.unlinked(index, KeptRecord.Reason.DELETED, row.parent(), row.name(), inode);
    }
  }

  /** Keeps a file that a rename over its name will replace. */
  void keepBeforeReplacing(
      IndexWriter index, Workplace work, DirFd directory, NameRow row, Inode inode)
      throws IOException {
    if (keeping) {
      Kept.link(
          index, work, KeptRecord.Reason.REPLACED, directory, row.name(), row.parent(), inode);
    }
  }

  /** A file waited in limbo, and its next version has come. */
  void keepReplacedInLimbo(IndexWriter index, Workplace work, Name waiting) throws IOException {
    if (!keeping) {
      Kept.removeAll(work.limbo(), waiting);
    } else if (work.limbo().statIfPresent(waiting) != null) {
      EntryId parent = EntryId.ROOT;
      Kept.take(
          index, work, KeptRecord.Reason.REPLACED, work.limbo(), waiting, parent, waiting, null);
    }
  }

  /**
   * Whether a directory that the primary deleted has to stay because files in it are excluded from
   * the mirror: they are this node's own.
   */
  boolean mustStay(IndexReader index, Workplace work, DirFd directory, NameRow row, Inode inode)
      throws IOException {
    if (inode.entry().kind() != FileKind.DIRECTORY) {
      return false;
    }
    RelPath path = index.path(row.id()).orElse(RelPath.ROOT.child(row.name()));
    if (!Contents.holdsExcluded(directory, row.name(), path, excludes)) {
      return false;
    }
    problems.add(path, "was deleted on the primary, but stays: it holds excluded files");
    return true;
  }

  // ---- holding

  static boolean isHolding(IndexReader index) {
    return index.fact(HOLDING).isPresent();
  }

  /** How many entries' deletions are held. */
  static long heldCount(IndexReader index) {
    return index.notes(HELD).size();
  }

  /** Why deletions are held, in words. */
  static String why(IndexReader index) {
    return index.fact(HOLDING).map(Bytes::toString).orElse("");
  }

  /**
   * What was held is on the primary again, as new entries; they take the places of those held here,
   * which are kept aside.
   */
  void stopHolding(IndexWriter index) {
    index.putFact(HOLDING, null);
    for (IndexReader.Note note : index.notes(LEAVING)) {
      index.putNote(LEAVING, note.key(), null);
    }
  }

  void startHolding(IndexWriter index, String why) {
    index.putFact(HOLDING, Bytes.of(why));
  }

  boolean holds(IndexWriter index, Inode inode) {
    if (!isHolding(index)) {
      return false;
    }
    index.putNote(HELD, key(inode.id()), Bytes.EMPTY);
    return true;
  }

  boolean holdsName(IndexWriter index, NameRow row) {
    if (!isHolding(index) || index.namesOf(row.id()).size() > 1) {
      return false;
    }
    index.putNote(LEAVING, key(row.id()), Bytes.EMPTY);
    return true;
  }

  boolean isHeld(IndexReader index, EntryId id) {
    return index.note(HELD, key(id)).isPresent() || index.note(LEAVING, key(id)).isPresent();
  }

  static boolean isHeldEntry(IndexReader index, EntryId id) {
    return index.note(HELD, key(id)).isPresent();
  }

  void forgetHeld(IndexWriter index, EntryId id) {
    index.putNote(HELD, key(id), null);
    index.putNote(LEAVING, key(id), null);
  }

  /** Whether the name's removal was held; it is not any more, since the entry moved on. */
  boolean stopsLeaving(IndexWriter index, NameRow row) {
    if (index.note(LEAVING, key(row.id())).isEmpty()) {
      return false;
    }
    index.putNote(LEAVING, key(row.id()), null);
    return true;
  }

  /**
   * A held directory's name is needed by another entry: the directory is kept aside with all in it.
   */
  void dropHeldTree(IndexWriter index, Workplace work, DirFd directory, NameRow row, Inode inode)
      throws IOException {
    // Once it is on the primary again it is a version like any other that was replaced.
    KeptRecord.Reason reason =
        isHolding(index) ? KeptRecord.Reason.FOREIGN : KeptRecord.Reason.REPLACED;
    Kept.take(index, work, reason, directory, row.name(), row.parent(), row.name(), inode);
    index.removeName(row.parent(), row.name(), row.version());
    dropRows(index, inode);
  }

  private void dropRows(IndexWriter index, Inode inode) {
    List<Inode> left = new ArrayList<>(List.of(inode));
    while (!left.isEmpty()) {
      Inode next = left.removeLast();
      for (Child child : index.children(next.id())) {
        index.removeName(next.id(), child.name(), child.nameVersion());
        if (index.namesOf(child.inode().id()).isEmpty()) {
          left.add(child.inode());
        }
      }
      forgetHeld(index, next.id());
      index.remove(next.id(), next.version());
    }
  }

  /** Everything that was held goes now. */
  void release(IndexWriter index, Workplace work) throws IOException {
    index.putFact(HOLDING, null);
    try (Places places = new Places(work)) {
      // Children before their directories: those were held later.
      List<EntryId> ids = heldIds(index);
      ids.sort(java.util.Comparator.comparingInt(id -> -depth(index, id)));
      Set<EntryId> touched = new LinkedHashSet<>();
      for (EntryId id : ids) {
        index.namesOf(id).forEach(row -> touched.add(row.parent()));
        remove(index, work, places, id);
      }
      DirectoryTimes.apply(index, places, touched);
    }
    for (IndexReader.Note note : index.notes(LEAVING)) {
      index.putNote(LEAVING, note.key(), null);
    }
  }

  private static int depth(IndexReader index, EntryId id) {
    return index.path(id).map(RelPath::depth).orElse(0);
  }

  private void remove(IndexWriter index, Workplace work, Places places, EntryId id)
      throws IOException {
    Inode inode = index.inode(id).orElse(null);
    index.putNote(HELD, key(id), null);
    if (inode == null) {
      return;
    }
    for (NameRow row : index.namesOf(id)) {
      DirFd directory = places.directory(index, row.parent());
      if (directory != null && directory.statIfPresent(row.name()) != null) {
        boolean stays = mustStay(index, work, directory, row, inode);
        if (!stays) {
          take(index, work, directory, row.name(), row.parent(), row.name(), inode);
        }
      }
      index.removeName(row.parent(), row.name(), row.version());
    }
    places.forget(id);
    index.remove(id, inode.version());
  }

  static List<EntryId> heldIds(IndexReader index) {
    List<EntryId> ids = new ArrayList<>();
    for (IndexReader.Note note : index.notes(HELD)) {
      ids.add(new EntryId(ByteBuffer.wrap(note.key().array()).getLong()));
    }
    return ids;
  }

  /** Brings back what was deleted since {@code sinceMillis}, as entries whose deletion is held. */
  int undo(IndexWriter index, Workplace work, long sinceMillis) throws IOException {
    int restored = 0;
    Set<EntryId> touched = new LinkedHashSet<>();
    try (Places places = new Places(work)) {
      for (Kept.Stored stored : Kept.all(index).reversed()) {
        KeptRecord record = stored.record();
        boolean recent =
            record.reason() == KeptRecord.Reason.DELETED && record.millis() >= sinceMillis;
        if (recent && restore(index, work, places, record)) {
          index.putNote(Kept.TABLE, stored.key(), null);
          touched.add(record.parent());
          restored++;
        }
      }
      DirectoryTimes.restore(index, places, touched, sinceMillis);
    }
    return restored;
  }

  private boolean restore(IndexWriter index, Workplace work, Places places, KeptRecord record)
      throws IOException {
    Name file = record.file();
    DirFd directory =
        index.inode(record.parent()).isPresent() ? places.directory(index, record.parent()) : null;
    boolean free = index.name(record.parent(), record.name()).isEmpty();
    if (directory == null || !free) {
      return false;
    }
    try {
      if (file == null) {
        return relink(index, places, directory, record);
      }
      Stat stat = work.kept().statIfPresent(file);
      if (stat == null || index.inode(record.id()).isPresent()) {
        return false;
      }
      Entry entry = withDigest(EntryReader.read(work.kept(), file, stat), record);
      work.kept().renameNoReplace(file, directory, record.name());
      index.put(
          new Inode(
              record.id(),
              record.version(),
              record.born(),
              entry,
              EntryReader.local(directory.stat(record.name()), true)));
    } catch (LinuxException e) {
      if (e.is(Errno.EEXIST, Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
    index.putName(new NameRow(record.parent(), record.name(), record.id(), record.version()));
    index.putNote(HELD, key(record.id()), Bytes.EMPTY);
    return true;
  }

  private static Entry withDigest(Entry entry, KeptRecord record) {
    return entry instanceof Entry.RegularFile regular
        ? regular.withContent(regular.size(), record.digest(), record.layout())
        : entry;
  }

  private boolean relink(IndexWriter index, Places places, DirFd directory, KeptRecord record)
      throws IOException {
    Places.@Nullable Place other =
        index.inode(record.id()).isPresent() ? places.of(index, record.id()) : null;
    if (other == null || other.directory().statIfPresent(other.name()) == null) {
      return false;
    }
    other.directory().link(other.name(), directory, record.name());
    index.putName(new NameRow(record.parent(), record.name(), record.id(), Position.NONE));
    return true;
  }

  private static Bytes key(EntryId id) {
    return Bytes.wrap(ByteBuffer.allocate(8).putLong(id.value()).array());
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.hotspare.index.Child;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.NameRow;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.jspecify.annotations.Nullable;

/**
 * While deletions are held, what the primary deleted stays in a standby's tree: the tombstone of an
 * entry is noted, and so is every name that was removed, since the entry's tombstone may follow.
 * All other rows go through; where they need the name of something held, that is kept aside.
 *
 * <p>Everything is in the index, so that it outlives the process. Used by the applying thread.
 */
final class Holding {
  private static final String HOLDING = "holding";
  private static final String RETURNED = "held-returned";

  /** Entries whose tombstones came. */
  private static final String HELD = "held";

  /** Names whose removal came: entry, directory, name. */
  private static final String LEAVING = "leaving";

  private Holding() {}

  static boolean isOn(IndexReader index) {
    return index.fact(HOLDING).isPresent();
  }

  /** Why deletions are held, in words. */
  static String why(IndexReader index) {
    return index.fact(HOLDING).map(Bytes::toString).orElse("");
  }

  /** How many entries' deletions are held. */
  static long count(IndexReader index) {
    return index.notes(HELD).size();
  }

  static void start(IndexWriter index, String why) {
    index.putFact(HOLDING, Bytes.of(why));
    index.putFact(RETURNED, null);
  }

  /**
   * What was held is on the primary again, as new entries: they take the places of those held here,
   * and {@link #endIfNothingIsLeft once they have} nothing is held any more. What was deleted since
   * it was sent stays held. What had to give way before that is kept for good: it may not have been
   * brought back.
   */
  static void returned(IndexWriter index) {
    if (isOn(index)) {
      index.putFact(RETURNED, Bytes.of("yes"));
    }
  }

  /** Whether all that was held at the time was brought back to the primary. */
  static boolean isReturned(IndexReader index) {
    return index.fact(RETURNED).isPresent();
  }

  /** Answers whether it ended. */
  static boolean endIfNothingIsLeft(IndexWriter index) {
    if (!isReturned(index) || !isEmpty(index)) {
      return false;
    }
    end(index);
    index.clearNotes(HELD);
    index.clearNotes(LEAVING);
    return true;
  }

  private static void end(IndexWriter index) {
    index.putFact(HOLDING, null);
    index.putFact(RETURNED, null);
  }

  /**
   * This node becomes primary: nothing is held any more, and all that was is numbered anew, since
   * others may have deleted it.
   */
  static void abandon(IndexWriter index) {
    end(index);
    for (EntryId id : entries(index)) {
      index.inode(id).ifPresent(inode -> numberAnew(index, inode));
    }
    for (IndexReader.Note note : index.notes(LEAVING)) {
      NameRow row = row(index, note.key());
      if (row != null) {
        index.putName(new NameRow(row.parent(), row.name(), row.id(), index.nextPosition()));
      }
    }
    index.clearNotes(HELD);
    index.clearNotes(LEAVING);
  }

  private static void numberAnew(IndexWriter index, Inode inode) {
    index.put(
        new Inode(inode.id(), index.nextPosition(), inode.born(), inode.entry(), inode.local()));
    for (NameRow row : index.namesOf(inode.id())) {
      index.putName(new NameRow(row.parent(), row.name(), row.id(), index.nextPosition()));
    }
  }

  /** Whether nothing here is held: a note may be of what is no more. */
  static boolean isEmpty(IndexReader index) {
    return index.notes(HELD).stream()
            .allMatch(note -> index.inode(EntryId.of(note.key())).isEmpty())
        && index.notes(LEAVING).stream().allMatch(note -> row(index, note.key()) == null);
  }

  // ---- what is held

  /** Holds the deletion of an entry. */
  static void hold(IndexWriter index, EntryId id) {
    index.putNote(HELD, id.toBytes(), Bytes.EMPTY);
  }

  /** Holds the removal of a name. */
  static void holdName(IndexWriter index, NameRow row) {
    index.putNote(LEAVING, key(row), Bytes.EMPTY);
  }

  static boolean isHeld(IndexReader index, EntryId id) {
    return index.note(HELD, id.toBytes()).isPresent();
  }

  /**
   * The entry has another name now: if the removal of this one was held, it can be made.
   *
   * @return whether it was held
   */
  static boolean stopsLeaving(IndexWriter index, NameRow row) {
    if (index.note(LEAVING, key(row)).isEmpty()) {
      return false;
    }
    index.putNote(LEAVING, key(row), null);
    return true;
  }

  static boolean isLeaving(IndexReader index, NameRow row) {
    return index.note(LEAVING, key(row)).isPresent();
  }

  /** The entries whose deletion is held. */
  static List<EntryId> entries(IndexReader index) {
    return index.notes(HELD).stream().map(note -> EntryId.of(note.key())).toList();
  }

  // ---- what has to give way

  /**
   * The last name of a held file is needed by another entry: the file is kept aside, for good
   * unless that entry is the same again.
   */
  static void drop(
      IndexWriter index,
      Workplace work,
      DirFd directory,
      NameRow row,
      Inode inode,
      @Nullable Inode successor)
      throws IOException {
    Origin origin = Origin.of(index, row);
    KeptRecord.Reason reason =
        successor != null && isSame(inode.entry(), successor.entry())
            ? KeptRecord.Reason.REPLACED
            : KeptRecord.Reason.HELD;
    Kept.link(index, work, reason, directory, row.name(), origin, inode);
    index.removeName(row.parent(), row.name(), row.version());
    forget(index, row);
    index.remove(inode.id(), inode.version());
  }

  /** Whether all is kept of what the one holds if the other stays. */
  private static boolean isSame(Entry one, Entry other) {
    if (one instanceof Entry.RegularFile file && other instanceof Entry.RegularFile successor) {
      return file.digest() != null && file.digest().equals(successor.digest());
    }
    return one.equals(other);
  }

  /**
   * A held directory is kept aside with all in it.
   *
   * @param own what of that is this node's own
   */
  static void dropTree(
      IndexWriter index, Workplace work, OwnFiles own, DirFd directory, NameRow row, Inode inode)
      throws IOException {
    Origin origin = Origin.of(index, row);
    RelPath path = Removals.path(index, row.parent()).child(row.name());
    KeptRecord.Reason reason = reasonFor(own.areIn(directory, row.name(), path));
    Kept.take(index, work, reason, directory, row.name(), origin, inode);
    index.removeName(row.parent(), row.name(), row.version());
    forget(index, row);
    forgetTree(index, inode);
  }

  /** Why a held directory is kept aside: what nobody else has outlives an approval. */
  static KeptRecord.Reason reasonFor(boolean holdsOwn) {
    return holdsOwn ? KeptRecord.Reason.FOREIGN : KeptRecord.Reason.HELD;
  }

  /** A directory that has no name is not in the tree any more, and nothing that was in it. */
  static void forgetTree(IndexWriter index, Inode inode) {
    List<Inode> left = new ArrayList<>(List.of(inode));
    while (!left.isEmpty()) {
      Inode next = left.removeLast();
      for (Child child : index.children(next.id())) {
        NameRow name =
            new NameRow(next.id(), child.name(), child.inode().id(), child.nameVersion());
        index.removeName(next.id(), child.name(), child.nameVersion());
        forget(index, name);
        if (index.namesOf(child.inode().id()).isEmpty()) {
          left.add(child.inode());
        }
      }
      index.putNote(HELD, next.id().toBytes(), null);
      index.remove(next.id(), next.version());
    }
  }

  private static void forget(IndexWriter index, NameRow row) {
    index.putNote(LEAVING, key(row), null);
    if (index.namesOf(row.id()).isEmpty()) {
      index.putNote(HELD, row.id().toBytes(), null);
    }
  }

  // ---- approved

  /** The entries that {@link #release} would take out of the tree, or take a name of. */
  static Set<EntryId> releasable(IndexReader index) {
    Set<EntryId> ids = new LinkedHashSet<>(entries(index));
    for (IndexReader.Note note : index.notes(LEAVING)) {
      NameRow row = row(index, note.key());
      if (row != null) {
        ids.add(row.id());
      }
    }
    return ids;
  }

  /**
   * Everything that was held goes now, but for what this filesystem refuses to let go: that is a
   * shortfall of its entry, as in any other removal.
   */
  static void release(IndexWriter index, Workplace work, Removals removals) throws IOException {
    end(index);
    Set<EntryId> touched = new LinkedHashSet<>();
    try (Places places = new Places(work)) {
      // What lives on leaves its directories before those go.
      for (IndexReader.Note note : index.notes(LEAVING)) {
        NameRow row = row(index, note.key());
        if (row != null && !isHeld(index, row.id())) {
          releaseName(index, work, removals, places, row, touched);
        }
      }
      // Children before their directories: those were held later.
      List<EntryId> ids = new ArrayList<>(entries(index));
      ids.sort(Comparator.comparingInt(id -> -depth(index, id)));
      for (EntryId id : ids) {
        releaseEntry(index, work, removals, places, id, touched);
      }
      index.clearNotes(LEAVING);
      DirectoryTimes.apply(index, places, touched);
    }
    Kept.letGo(index, KeptRecord.Reason.HELD);
  }

  private static void releaseName(
      IndexWriter index,
      Workplace work,
      Removals removals,
      Places places,
      NameRow row,
      Set<EntryId> touched)
      throws IOException {
    try {
      removeName(index, work, removals, places, row, touched);
    } catch (LinuxException e) {
      Change.NameGone gone = new Change.NameGone(row.parent(), row.name(), row.version());
      Shortfalls.refused(index, gone, e);
    }
  }

  private static void releaseEntry(
      IndexWriter index,
      Workplace work,
      Removals removals,
      Places places,
      EntryId id,
      Set<EntryId> touched)
      throws IOException {
    Inode inode = index.inode(id).orElse(null);
    index.putNote(HELD, id.toBytes(), null);
    if (inode == null) {
      return;
    }
    if (Shortfalls.holdsUndeleted(index, id)) {
      Shortfalls.lacksDeletion(index, id, Removals.HOLDS_UNDELETED);
      return;
    }
    try {
      removeEntry(index, work, removals, places, inode, touched);
    } catch (LinuxException e) {
      Shortfalls.refused(index, new Change.InodeGone(id, inode.version()), e);
    }
  }

  private static int depth(IndexReader index, EntryId id) {
    return index.path(id).map(RelPath::depth).orElse(0);
  }

  private static void removeEntry(
      IndexWriter index,
      Workplace work,
      Removals removals,
      Places places,
      Inode inode,
      Set<EntryId> touched)
      throws IOException {
    EntryId id = inode.id();
    List<NameRow> names = index.namesOf(id);
    if (names.isEmpty() && work.isInLimbo(id)) {
      removals.takeFromLimbo(index, work, places, inode);
    }
    for (NameRow row : names) {
      DirFd directory = places.directory(index, row.parent());
      if (directory != null && directory.statIfPresent(row.name()) != null) {
        if (!row.equals(names.getLast())) {
          directory.unlink(row.name());
          removals.unlinked(index, row, inode);
        } else if (!removals.mustStay(index, work, directory, row, inode)) {
          removals.take(index, work, directory, row, inode);
        }
      }
      touched.add(row.parent());
      index.putNote(LEAVING, key(row), null);
      index.removeName(row.parent(), row.name(), row.version());
    }
    places.forget(id);
    if (inode.entry() instanceof Entry.Directory) {
      // Names of what lives on elsewhere, and which are not there any more.
      for (Child child : index.children(id)) {
        index.removeName(id, child.name(), child.nameVersion());
      }
    }
    index.remove(id, inode.version());
  }

  /** A name of an entry that lives on, or whose tombstone is still to come. */
  private static void removeName(
      IndexWriter index,
      Workplace work,
      Removals removals,
      Places places,
      NameRow row,
      Set<EntryId> touched)
      throws IOException {
    Inode inode = index.inode(row.id()).orElse(null);
    DirFd directory = places.directory(index, row.parent());
    Stat stat = directory == null ? null : directory.statIfPresent(row.name());
    if (directory != null
        && inode != null
        && stat != null
        && EntryReader.isSame(inode.local(), stat)) {
      if (index.namesOf(row.id()).size() > 1) {
        directory.unlink(row.name());
      } else {
        Name waiting = Workplace.nameOf(row.id());
        Kept.removeAll(work.limbo(), waiting);
        directory.rename(row.name(), work.limbo(), waiting);
        removals.noteLimbo(index, row);
        places.forget(row.id());
      }
    }
    touched.add(row.parent());
    index.removeName(row.parent(), row.name(), row.version());
  }

  // ---- keys

  private static @Nullable NameRow row(IndexReader index, Bytes key) {
    byte[] bytes = key.array();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    EntryId id = new EntryId(in.getLong());
    EntryId parent = new EntryId(in.getLong());
    Name name = Name.of(Arrays.copyOfRange(bytes, 16, bytes.length));
    return index.name(parent, name).filter(row -> row.id().equals(id)).orElse(null);
  }

  private static Bytes key(NameRow row) {
    byte[] name = row.name().bytes().array();
    ByteBuffer key = ByteBuffer.allocate(16 + name.length);
    key.putLong(row.id().value()).putLong(row.parent().value()).put(name);
    return Bytes.wrap(key.array());
  }
}

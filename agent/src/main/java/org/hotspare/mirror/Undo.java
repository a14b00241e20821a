package org.hotspare.mirror;

import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.hotspare.delta.Signature;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.NameRow;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.Timestamp;
import org.hotspare.watch.EntryReader;
import org.jspecify.annotations.Nullable;

/**
 * Brings back what left a standby's tree within the guard's window, as entries whose deletion is
 * held: what was deleted, and what had lost its name and was waiting for its tombstone.
 */
final class Undo {
  private final IndexWriter index;
  private final Workplace work;
  private final Places places;

  /** The times that directories had before anything left them that comes back. */
  private final Map<EntryId, Timestamp> times = new LinkedHashMap<>();

  /** Which directories took the places of those that were replaced. */
  private final Map<EntryId, EntryId> successors = new HashMap<>();

  private int restored;

  private Undo(IndexWriter index, Workplace work, Places places) {
    this.index = index;
    this.work = work;
    this.places = places;
  }

  /** Undoes what happened since then. Answers how many entries came back. */
  static int since(IndexWriter index, Workplace work, long sinceMillis) throws IOException {
    try (Places places = new Places(work)) {
      Undo undo = new Undo(index, work, places);
      // The youngest first, for where one name had several entries; what was waiting in a directory
      // that was deleted finds its place only when that is back.
      undo.waiting();
      undo.deleted(sinceMillis);
      undo.waiting();
      DirectoryTimes.restore(index, places, undo.times);
      return undo.restored;
    }
  }

  /**
   * After the process or the machine died while something was undone: what the index says is kept
   * is kept again, so that it can be undone once more.
   */
  static void takeBack(IndexWriter index, Workplace work) throws IOException {
    try (Places places = new Places(work)) {
      new Undo(index, work, places).takeBack();
    }
  }

  private void takeBack() throws IOException {
    Map<EntryId, Name> missing = new HashMap<>();
    for (Kept.Stored stored : Kept.all(index).reversed()) {
      KeptRecord record = stored.record();
      Name file = record.file();
      if (file == null || record.id().equals(EntryId.ROOT)) {
        continue;
      }
      if (work.kept().statIfPresent(file) == null) {
        // A directory came back before what was in it, and goes with that in it.
        missing.put(record.id(), file);
        takeBack(record, file, missing);
      } else if (isDirectory(record)) {
        var _ = hasSuccessor(record);
      }
    }
  }

  private void takeBack(KeptRecord record, Name file, Map<EntryId, Name> missing)
      throws IOException {
    Origin origin = record.origin();
    Name inside = missing.get(origin.parent());
    if (index.inode(parent(origin)).isPresent()) {
      DirFd directory = freePlace(origin);
      if (directory != null) {
        takeBack(directory, record, file);
      }
    } else if (inside != null && isDirectory(work.kept(), inside)) {
      try (DirFd directory = work.kept().openDirectory(inside)) {
        takeBack(directory, record, file);
      }
    }
  }

  private static boolean isDirectory(DirFd directory, Name name) throws IOException {
    Stat stat = directory.statIfPresent(name);
    return stat != null && stat.kind() == FileKind.DIRECTORY;
  }

  private void takeBack(DirFd directory, KeptRecord record, Name file) throws IOException {
    Stat stat = directory.statIfPresent(record.origin().name());
    if (stat != null && !isKnown(stat) && hasContent(directory, stat, record)) {
      directory.renameNoReplace(record.origin().name(), work.kept(), file);
    }
  }

  private boolean isKnown(Stat stat) {
    return index
        .inodeAt(stat.device(), stat.inode())
        .filter(inode -> EntryReader.isSame(inode.local(), stat))
        .isPresent();
  }

  /** Something else may have come to its place since. */
  private static boolean hasContent(DirFd directory, Stat stat, KeptRecord record)
      throws IOException {
    if (stat.kind() != FileKind.REGULAR_FILE) {
      return record.digest() == null;
    }
    Signature found =
        Contents.signatureIfSame(directory, record.origin().name(), EntryReader.local(stat, true));
    return found != null && found.root().equals(record.digest());
  }

  private void deleted(long sinceMillis) throws IOException {
    // Directories were deleted after what was in them, and come back before.
    for (Kept.Stored stored : Kept.all(index).reversed()) {
      KeptRecord record = stored.record();
      boolean wasDeleted = record.reason() == KeptRecord.Reason.DELETED;
      boolean goes =
          record.millis() >= sinceMillis
              && (wasDeleted || record.reason() == KeptRecord.Reason.REPLACED);
      boolean directory = goes && isDirectory(record);
      if (directory && hasSuccessor(record)) {
        continue;
      }
      if (goes && (wasDeleted || directory) && restore(record)) {
        index.putNote(Kept.TABLE, stored.key(), null);
        cameBack(record.origin());
      }
    }
  }

  /** A directory may have been replaced, as by swapping, while what was in it was deleted. */
  private boolean isDirectory(KeptRecord record) throws IOException {
    Name file = record.file();
    Stat stat = file == null ? null : work.kept().statIfPresent(file);
    return stat != null
        && stat.kind() == FileKind.DIRECTORY
        && !record.id().equals(EntryId.ROOT)
        && index.inode(record.id()).isEmpty();
  }

  /** Whether a directory has its name now, in which what was in this one comes back. */
  private boolean hasSuccessor(KeptRecord record) {
    Origin origin = record.origin();
    NameRow taken = index.name(parent(origin), origin.name()).orElse(null);
    if (taken == null || !Places.isDirectory(index, taken.id())) {
      return false;
    }
    successors.put(record.id(), taken.id());
    timeComesBack(origin);
    return true;
  }

  private EntryId parent(Origin origin) {
    return successors.getOrDefault(origin.parent(), origin.parent());
  }

  private void cameBack(Origin origin) {
    restored++;
    timeComesBack(origin);
  }

  private void timeComesBack(Origin origin) {
    times.merge(
        parent(origin),
        origin.parentModified(),
        (one, other) -> one.compareTo(other) < 0 ? one : other);
  }

  private boolean restore(KeptRecord record) throws IOException {
    Name file = record.file();
    Origin origin = record.origin();
    DirFd directory = freePlace(origin);
    if (directory == null) {
      return false;
    }
    try {
      if (file == null) {
        return relink(directory, record);
      }
      Stat stat = work.kept().statIfPresent(file);
      if (stat == null || index.inode(record.id()).isPresent()) {
        return false;
      }
      Entry entry = withDigest(EntryReader.read(work.kept(), file, stat), record);
      work.kept().renameNoReplace(file, directory, origin.name());
      index.put(
          new Inode(
              record.id(),
              record.version(),
              record.born(),
              entry,
              EntryReader.local(directory.stat(origin.name()), true)));
      if (entry.kind() == FileKind.DIRECTORY) {
        // Perhaps nobody has watched it since the last start.
        OutOfReach.add(index, record.id());
      }
    } catch (LinuxException e) {
      if (e.is(Errno.EEXIST, Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
    // Whatever the primary says of this name is newer.
    index.putName(new NameRow(parent(origin), origin.name(), record.id(), Position.NONE));
    Holding.hold(index, record.id());
    return true;
  }

  /** The directory, where it is there and the name in it is free. */
  private @Nullable DirFd freePlace(Origin origin) throws IOException {
    EntryId parent = parent(origin);
    boolean free = Places.isDirectory(index, parent) && index.name(parent, origin.name()).isEmpty();
    return free ? places.directory(index, parent) : null;
  }

  private static Entry withDigest(Entry entry, KeptRecord record) {
    return entry instanceof Entry.RegularFile regular
        ? regular.withContent(regular.size(), record.digest(), record.layout())
        : entry;
  }

  private boolean relink(DirFd directory, KeptRecord record) throws IOException {
    Origin origin = record.origin();
    Inode inode = index.inode(record.id()).orElse(null);
    Places.Place other = inode == null ? null : places.of(index, record.id());
    Stat stat = other == null ? null : other.directory().statIfPresent(other.name());
    if (inode == null
        || other == null
        || stat == null
        || !EntryReader.isSame(inode.local(), stat)) {
      return false;
    }
    if (index.namesOf(record.id()).isEmpty()) {
      other.directory().renameNoReplace(other.name(), directory, origin.name());
      Removals.forgetLimbo(index, record.id());
    } else {
      other.directory().link(other.name(), directory, origin.name());
    }
    NameRow row = new NameRow(parent(origin), origin.name(), record.id(), Position.NONE);
    index.putName(row);
    Holding.holdName(index, row);
    index.putLocal(inode.id(), EntryReader.local(directory.stat(origin.name()), true));
    return true;
  }

  /** What lost its name, and whose tombstone or next name is still to come, gets it back. */
  private void waiting() throws IOException {
    Map<EntryId, Origin> left = Removals.origins(index);
    int before;
    do {
      // A directory may have to come back before what was in it finds its place.
      before = left.size();
      Map<EntryId, Origin> again = new LinkedHashMap<>();
      for (Map.Entry<EntryId, Origin> entry : left.entrySet()) {
        if (!comesBack(entry.getKey(), entry.getValue())) {
          again.put(entry.getKey(), entry.getValue());
        }
      }
      left = again;
    } while (left.size() < before);
  }

  private boolean comesBack(EntryId id, Origin origin) throws IOException {
    Inode inode = index.inode(id).orElse(null);
    Name waiting = Workplace.nameOf(id);
    boolean waits = inode != null && work.isInLimbo(id);
    if (waits && index.name(parent(origin), origin.name()).isPresent()) {
      // What took its name takes in what was in it, once it is deleted.
      timeComesBack(origin);
    }
    DirFd directory = waits ? freePlace(origin) : null;
    if (inode == null || directory == null) {
      return false;
    }
    try {
      work.limbo().renameNoReplace(waiting, directory, origin.name());
    } catch (LinuxException e) {
      if (e.is(Errno.EEXIST)) {
        return false;
      }
      throw e;
    }
    NameRow name = new NameRow(parent(origin), origin.name(), id, Position.NONE);
    index.putName(name);
    Holding.holdName(index, name);
    Removals.forgetLimbo(index, id);
    places.forget(id);
    index.putLocal(id, EntryReader.local(directory.stat(origin.name()), true));
    cameBack(origin);
    return true;
  }
}

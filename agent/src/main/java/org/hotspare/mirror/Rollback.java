package org.hotspare.mirror;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.NameRow;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Stat;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.jspecify.annotations.Nullable;

/**
 * Puts a standby's tree back to what its index says, after the process or the machine died within a
 * batch: the tree may be ahead of the index then. Entries that the index knows are recognised by
 * their inodes wherever the batch had brought them, and return to their names; so nothing that was
 * there before is missing while the primary is away, and nothing has to be sent again that only
 * moved.
 *
 * <p>New content that took the name of an old file is kept aside for a while; it comes again.
 */
final class Rollback {
  private static final int DEEPEST = 4096;

  private final IndexWriter index;
  private final Workplace work;
  private final OwnFiles own;

  /** What is written down of the batch in which it died; otherwise strangers may be anybody's. */
  private final boolean inFlight;

  /** Entries that are at one of their names at least. */
  private final Set<EntryId> inPlace = new HashSet<>();

  /** Entries in the work directory that the index knows, and where each is. */
  private final Map<EntryId, Places.Place> aside = new LinkedHashMap<>();

  /** Entries that were put back, or need not be. */
  private final Set<EntryId> seen = new HashSet<>();

  Rollback(IndexWriter index, Workplace work, OwnFiles own, boolean inFlight) {
    this.index = index;
    this.work = work;
    this.own = own;
    this.inFlight = inFlight;
  }

  void run() throws IOException {
    gather(EntryId.ROOT, work.root(), 0);
    gatherLimbo();
    gatherKept();
    try (Places places = new Places(work)) {
      for (EntryId id : List.copyOf(aside.keySet())) {
        putBack(places, id);
      }
    }
    if (inFlight) {
      Undo.takeBack(index, work);
    }
  }

  // ---- what is where

  /**
   * Finds what is not in its place and has it wait in limbo.
   *
   * @param id the directory's; null where the index does not know it
   */
  private void gather(@Nullable EntryId id, DirFd directory, int depth) throws IOException {
    if (depth > DEEPEST) {
      return;
    }
    for (Name name : Kept.names(directory)) {
      Stat stat = directory.statIfPresent(name);
      if (stat == null || isWorkDirectory(id, name)) {
        continue;
      }
      Inode known = known(stat);
      if (stat.kind() == FileKind.DIRECTORY) {
        try (DirFd inside = directory.openDirectory(name)) {
          gather(known == null ? null : known.id(), inside, depth + 1);
        }
      }
      if (known == null) {
        continue;
      }
      NameRow row = id == null ? null : index.name(id, name).orElse(null);
      if (row != null && row.id().equals(known.id())) {
        inPlace.add(known.id());
      } else {
        strayed(directory, name, known.id(), stat, row != null);
      }
    }
  }

  private boolean isWorkDirectory(@Nullable EntryId id, Name name) {
    return EntryId.ROOT.equals(id) && name.equals(org.hotspare.watch.MirrorRoot.WORK);
  }

  private @Nullable Inode known(Stat stat) {
    Inode inode = index.inodeAt(stat.device(), stat.inode()).orElse(null);
    boolean same =
        inode != null
            && EntryReader.isSame(inode.local(), stat)
            && inode.entry().kind() == stat.kind();
    return same ? inode : null;
  }

  /**
   * @param taken whether the name is another entry's: then a file stays at it until that one is
   *     back
   */
  private void strayed(DirFd directory, Name name, EntryId id, Stat stat, boolean taken)
      throws IOException {
    Name waiting = Workplace.nameOf(id);
    if (stat.kind() == FileKind.DIRECTORY) {
      Kept.removeAll(work.limbo(), waiting);
      directory.rename(name, work.limbo(), waiting);
      return;
    }
    if (work.limbo().statIfPresent(waiting) == null) {
      directory.link(name, work.limbo(), waiting);
    }
    if (!taken) {
      directory.unlink(name);
    }
  }

  private void gatherLimbo() throws IOException {
    Deque<Name> left = new ArrayDeque<>(Kept.names(work.limbo()));
    Set<Name> seen = new HashSet<>();
    while (!left.isEmpty()) {
      Name name = left.poll();
      Stat stat = seen.add(name) ? work.limbo().statIfPresent(name) : null;
      Inode known = stat == null ? null : known(stat);
      if (stat == null) {
        continue;
      }
      if (known == null || !Workplace.nameOf(known.id()).equals(name)) {
        leftover(name, stat);
        continue;
      }
      aside.put(known.id(), new Places.Place(work.limbo(), name));
      if (stat.kind() == FileKind.DIRECTORY) {
        try (DirFd inside = work.limbo().openDirectory(name)) {
          gather(known.id(), inside, 0);
        }
        // What strayed into it waits beside it now.
        left.addAll(Kept.names(work.limbo()));
      }
    }
  }

  /** A new file that had no name yet when its batch was lost: it comes again. */
  private void leftover(Name name, Stat stat) throws IOException {
    if (stat.kind() == FileKind.DIRECTORY) {
      Origin origin = Origin.of(index, EntryId.ROOT, name);
      Kept.take(index, work, KeptRecord.Reason.FOREIGN, work.limbo(), name, origin, null);
    } else {
      work.limbo().unlink(name);
    }
  }

  /** What was kept without a record belongs to the batch that was lost. */
  private void gatherKept() throws IOException {
    Map<Name, Boolean> recorded = new HashMap<>();
    for (Kept.Stored stored : Kept.all(index)) {
      Name file = stored.record().file();
      if (file != null) {
        recorded.put(file, true);
      }
    }
    for (Name name : Kept.names(work.kept())) {
      Stat stat = recorded.containsKey(name) ? null : work.kept().statIfPresent(name);
      if (stat == null) {
        continue;
      }
      Inode known = known(stat);
      boolean missing =
          known != null && !inPlace.contains(known.id()) && !aside.containsKey(known.id());
      if (known != null && missing) {
        aside.put(known.id(), new Places.Place(work.kept(), name));
      } else if (known != null && stat.kind() != FileKind.DIRECTORY) {
        // It was about to be replaced, and was not.
        work.kept().unlink(name);
      } else {
        KeptRecord.Reason reason =
            known == null ? KeptRecord.Reason.FOREIGN : KeptRecord.Reason.REPLACED;
        Kept.adopt(index, reason, name, known);
      }
    }
  }

  // ---- back

  /** What is above it first, whether that moved or only what is above that. */
  private void putBack(Places places, EntryId id) throws IOException {
    if (id.equals(EntryId.ROOT) || !seen.add(id)) {
      return;
    }
    List<NameRow> names = index.namesOf(id);
    for (NameRow row : names) {
      putBack(places, row.parent());
    }
    Places.Place from = aside.remove(id);
    if (from == null) {
      return;
    }
    if (names.isEmpty()) {
      awaitName(from, id);
      return;
    }
    if (inPlace.contains(id)) {
      dropSpare(from, id);
      return;
    }
    Inode inode = index.inode(id).orElse(null);
    boolean placed = false;
    for (NameRow row : names) {
      DirFd directory = places.directory(index, row.parent());
      if (inode != null && directory != null) {
        putBack(from, directory, row, inode);
        placed = true;
      }
    }
    if (placed) {
      inPlace.add(id);
      places.forget(id);
      if (from.directory().statIfPresent(from.name()) != null) {
        from.directory().unlink(from.name());
      }
    } else if (from.directory() == work.kept()) {
      Kept.adopt(index, KeptRecord.Reason.REPLACED, from.name(), inode);
    }
  }

  private void awaitName(Places.Place from, EntryId id) throws IOException {
    if (from.directory() != work.limbo()) {
      from.directory().rename(from.name(), work.limbo(), Workplace.nameOf(id));
    }
  }

  /** What is at its place does not wait as well. */
  private void dropSpare(Places.Place from, EntryId id) throws IOException {
    if (from.directory() == work.limbo()
        || index.inode(id).map(i -> i.entry().kind()).orElse(FileKind.DIRECTORY)
            != FileKind.DIRECTORY) {
      Kept.removeAll(from.directory(), from.name());
    } else {
      Kept.adopt(index, KeptRecord.Reason.REPLACED, from.name(), index.inode(id).orElse(null));
    }
  }

  private void putBack(Places.Place from, DirFd directory, NameRow row, Inode inode)
      throws IOException {
    boolean isDirectory = inode.entry().kind() == FileKind.DIRECTORY;
    Stat occupant = directory.statIfPresent(row.name());
    boolean occupied = occupant != null;
    KeptRecord.Reason reason = inFlight ? KeptRecord.Reason.REPLACED : KeptRecord.Reason.FOREIGN;
    if (occupant != null && (isDirectory || occupant.kind() == FileKind.DIRECTORY)) {
      RelPath path = index.path(row.parent()).orElse(RelPath.ROOT).child(row.name());
      if (own.areIn(directory, row.name(), path)) {
        // The batch that was lost brought them there, or they were there before both.
        var _ = own.move(new Places.Place(directory, row.name()), from, path);
      }
      if (own.areIn(directory, row.name(), path)) {
        reason = KeptRecord.Reason.FOREIGN;
      }
      Kept.take(index, work, reason, directory, row.name(), Origin.of(index, row), null);
      occupied = false;
    } else if (occupant != null && known(occupant) == null) {
      Kept.link(index, work, reason, directory, row.name(), Origin.of(index, row), null);
    }
    if (isDirectory) {
      from.directory().rename(from.name(), directory, row.name());
      return;
    }
    Name extra = Name.of(Workplace.nameOf(row.id()) + ".back");
    Kept.removeAll(work.staging(), extra);
    from.directory().link(from.name(), work.staging(), extra);
    if (occupied) {
      work.staging().rename(extra, directory, row.name());
      // A rename between two names of one file does nothing.
      Kept.removeAll(work.staging(), extra);
    } else {
      work.staging().renameNoReplace(extra, directory, row.name());
    }
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hotspare.index.Child;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.NameRow;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.jspecify.annotations.Nullable;

/**
 * Directories whose deletion is held and whose name another entry took. Where that is a directory,
 * as after {@code rm -r up; mkdir up}, what is held goes on in it, so that it can still be brought
 * back to its path; what finds its own name taken there, or a file in the place of its directory,
 * is kept aside until somebody says so.
 *
 * <p>Used at the end of a batch: until then such a directory waits in limbo, since what was in it
 * may have moved, and its name may be free again.
 */
final class GivingWay {
  private static final int DEEPEST = 4096;

  private final IndexWriter index;
  private final Workplace work;
  private final Places places;
  private final OwnFiles own;
  private final Effects effects;

  /** Which directory took in what was in another. */
  private final Map<EntryId, EntryId> successors = new HashMap<>();

  /**
   * What happens to the tree meanwhile.
   *
   * @param changed gets the entries that have another place
   * @param directories gets the directories whose times are to be set
   */
  record Effects(Set<EntryId> changed, Set<EntryId> directories, Foreign foreign) {
    private void left(EntryId id) {
      changed.remove(id);
      directories.remove(id);
    }
  }

  /** Keeps aside what the index does not know. */
  interface Foreign {
    void keep(DirFd directory, EntryId parent, Name name) throws IOException;
  }

  /** The content of a directory moves into another one. */
  private record Merging(Inode from, EntryId into) {}

  GivingWay(IndexWriter index, Workplace work, Places places, OwnFiles own, Effects effects) {
    this.index = index;
    this.work = work;
    this.places = places;
    this.own = own;
    this.effects = effects;
  }

  /** Whether a directory waits for a place, so that its deletion can be held there. */
  static boolean isWaiting(IndexReader index, Workplace work, Inode inode) throws IOException {
    return inode.entry().kind() == FileKind.DIRECTORY
        && index.namesOf(inode.id()).isEmpty()
        && Removals.origin(index, inode.id()) != null
        && work.isInLimbo(inode.id());
  }

  /** Finds a place for every held directory that waits for one. */
  void settle() throws IOException {
    Map<EntryId, Origin> left = waiting();
    int before;
    do {
      // Where a directory and one that was in it both gave way, the outer one goes first.
      before = left.size();
      Map<EntryId, Origin> again = new LinkedHashMap<>();
      for (Map.Entry<EntryId, Origin> entry : left.entrySet()) {
        EntryId parent = successor(entry.getValue().parent());
        boolean settled = !left.containsKey(parent) && isSettled(entry.getKey(), entry.getValue());
        if (!settled) {
          again.put(entry.getKey(), entry.getValue());
        }
      }
      left = again;
    } while (!left.isEmpty() && left.size() < before);
    if (!successors.isEmpty()) {
      Removals.moveOrigins(index, this::successor);
    }
  }

  /** What this filesystem refuses stays where it is. */
  private static void passOver(LinuxException e) throws LinuxException {
    if (!e.is(Errno.EPERM, Errno.EACCES, Errno.EINVAL, Errno.EMLINK, Errno.ENAMETOOLONG)) {
      throw e;
    }
  }

  private Map<EntryId, Origin> waiting() throws IOException {
    Map<EntryId, Origin> waiting = new LinkedHashMap<>();
    for (Map.Entry<EntryId, Origin> entry : Removals.origins(index).entrySet()) {
      Inode inode = index.inode(entry.getKey()).orElse(null);
      boolean held = Holding.isHeld(index, entry.getKey());
      if (held && inode != null && isWaiting(index, work, inode)) {
        waiting.put(entry.getKey(), entry.getValue());
      }
    }
    return waiting;
  }

  private EntryId successor(EntryId id) {
    EntryId at = id;
    for (EntryId next = successors.get(at); next != null; next = successors.get(at)) {
      at = next;
    }
    return at;
  }

  private boolean isSettled(EntryId id, Origin origin) throws IOException {
    try {
      return settle(id, origin);
    } catch (LinuxException e) {
      passOver(e);
      return false;
    }
  }

  /**
   * @return false where it has to wait longer: its place cannot be reached now
   */
  private boolean settle(EntryId id, Origin origin) throws IOException {
    Inode inode = index.inode(id).orElse(null);
    EntryId parent = successor(origin.parent());
    if (inode == null) {
      return true;
    }
    if (index.inode(parent).isEmpty()) {
      keepAside(inode, origin);
      return true;
    }
    DirFd directory = isBelow(parent, id) ? null : places.directory(index, parent);
    if (directory == null) {
      return false;
    }
    NameRow taken = index.name(parent, origin.name()).orElse(null);
    if (taken == null) {
      return putBack(inode, parent, directory, origin.name());
    }
    if (!Places.isDirectory(index, taken.id())) {
      keepAside(inode, origin);
      return true;
    }
    boolean reached = !isBelow(taken.id(), id) && places.directory(index, taken.id()) != null;
    if (reached) {
      merge(inode, taken.id());
    }
    return reached;
  }

  private boolean isBelow(EntryId id, EntryId above) {
    EntryId at = id;
    for (int depth = 0; depth < DEEPEST; depth++) {
      if (at.equals(above)) {
        return true;
      }
      List<NameRow> names = index.namesOf(at);
      if (names.isEmpty()) {
        return false;
      }
      at = names.getFirst().parent();
    }
    return true;
  }

  /** Its name is free again. */
  private boolean putBack(Inode inode, EntryId parent, DirFd directory, Name name)
      throws IOException {
    try {
      work.limbo().renameNoReplace(Workplace.nameOf(inode.id()), directory, name);
    } catch (LinuxException e) {
      if (e.is(Errno.EEXIST)) {
        // Somebody here put something there, which is found and kept.
        return false;
      }
      throw e;
    }
    NameRow row = new NameRow(parent, name, inode.id(), Position.NONE);
    index.putName(row);
    Holding.holdName(index, row);
    Removals.forgetLimbo(index, inode.id());
    places.forget(inode.id());
    effects.changed.add(inode.id());
    effects.directories.add(inode.id());
    effects.directories.add(parent);
    return true;
  }

  private void keepAside(Inode inode, Origin origin) throws IOException {
    letLivingLeave(inode);
    places.forget(inode.id());
    Removals.forgetLimbo(index, inode.id());
    Name waiting = Workplace.nameOf(inode.id());
    RelPath path = Removals.path(index, origin.parent()).child(origin.name());
    KeptRecord.Reason reason = Holding.reasonFor(own.areIn(work.limbo(), waiting, path));
    Kept.take(index, work, reason, work.limbo(), waiting, origin, inode);
    Holding.forgetTree(index, inode);
  }

  // ---- into the directory that took the name

  private void merge(Inode top, EntryId successor) throws IOException {
    List<Merging> emptied = new ArrayList<>();
    List<Merging> left = new ArrayList<>(List.of(new Merging(top, successor)));
    while (!left.isEmpty()) {
      Merging next = left.removeLast();
      emptied.add(next);
      for (Child child : index.children(next.from.id())) {
        try {
          child(next, child, left);
        } catch (LinuxException e) {
          // It is kept aside with its directory.
          passOver(e);
        }
      }
      DirectoryTimes.takeOver(index, next.from, next.into);
      effects.directories.add(next.into);
    }
    for (Merging merged : emptied.reversed()) {
      try {
        remove(merged.from, merged.into);
      } catch (LinuxException e) {
        // It is kept aside with the directory above.
        passOver(e);
      }
      successors.put(merged.from.id(), merged.into);
    }
  }

  /** A directory that is to be there: it was looked for before anything of it moved. */
  private DirFd directory(EntryId id) throws IOException {
    DirFd directory = places.directory(index, id);
    if (directory == null) {
      throw new IOException("directory " + id + " is not where it was put");
    }
    return directory;
  }

  private void child(Merging merging, Child child, List<Merging> left) throws IOException {
    boolean mergeable = isMergeable(merging, child);
    // One of them may have been closed for the others that were opened since.
    DirFd from = directory(merging.from.id());
    DirFd into = directory(merging.into);
    Inode inode = child.inode();
    NameRow row = new NameRow(merging.from.id(), child.name(), inode.id(), child.nameVersion());
    NameRow taken = index.name(merging.into, child.name()).orElse(null);
    Inode occupant = taken == null ? null : index.inode(taken.id()).orElse(null);
    if (taken == null) {
      move(row, from, into, merging.into);
    } else if (mergeable) {
      left.add(new Merging(inode, taken.id()));
    } else {
      giveWay(row, from, inode, occupant, merging.into);
    }
  }

  /** Whether both directories have one of that name, whose contents are to be one. */
  private boolean isMergeable(Merging merging, Child child) throws IOException {
    Inode inode = child.inode();
    NameRow taken = index.name(merging.into, child.name()).orElse(null);
    return taken != null
        && inode.entry().kind() == FileKind.DIRECTORY
        && Places.isDirectory(index, taken.id())
        && Holding.isHeld(index, inode.id())
        && places.directory(index, inode.id()) != null
        && places.directory(index, taken.id()) != null;
  }

  /** The name is free there. */
  private void move(NameRow row, DirFd from, DirFd into, EntryId parent) throws IOException {
    Inode inode = index.inode(row.id()).orElse(null);
    if (inode != null && new Places.Place(from, row.name()).holds(inode)) {
      try {
        from.renameNoReplace(row.name(), into, row.name());
      } catch (LinuxException e) {
        if (!e.is(Errno.EEXIST)) {
          throw e;
        }
        effects.foreign.keep(into, parent, row.name());
        from.renameNoReplace(row.name(), into, row.name());
      }
    } else {
      OutOfReach.add(index, parent);
    }
    index.removeName(row.parent(), row.name(), row.version());
    // Whatever the primary says of this name is newer.
    NameRow moved = new NameRow(parent, row.name(), row.id(), Position.NONE);
    index.putName(moved);
    var _ = Holding.stopsLeaving(index, row);
    Holding.holdName(index, moved);
    effects.changed.add(row.id());
    if (Places.isDirectory(index, row.id())) {
      effects.directories.add(row.id());
    }
  }

  /** The primary has something else by that name. */
  private void giveWay(
      NameRow row, DirFd from, Inode inode, @Nullable Inode occupant, EntryId successor)
      throws IOException {
    boolean held = Holding.isHeld(index, row.id());
    boolean directory = inode.entry().kind() == FileKind.DIRECTORY;
    boolean ours = new Places.Place(from, row.name()).holds(inode);
    boolean last = index.namesOf(row.id()).size() == 1;
    if (held && ours && directory) {
      letLivingLeave(inode);
      places.forget(row.id());
      Holding.dropTree(index, work, own, directory(row.parent()), row, inode);
    } else if (held && ours && last) {
      Holding.drop(index, work, from, row, inode, occupant);
      from.unlink(row.name());
      effects.left(row.id());
    } else {
      leave(row, from, inode, Origin.of(index, successor, row.name()));
    }
    if (held && !ours && index.namesOf(row.id()).isEmpty()) {
      // Somebody took it away here.
      effects.left(row.id());
      Holding.forgetTree(index, inode);
    }
  }

  /**
   * Takes an entry out of a directory that gives way: of several names this one goes; with its last
   * one it waits for the next, or for its tombstone.
   */
  private void leave(NameRow row, DirFd from, Inode inode, Origin origin) throws IOException {
    places.forget(row.id());
    boolean ours = new Places.Place(from, row.name()).holds(inode);
    if (ours && index.namesOf(row.id()).size() > 1) {
      from.unlink(row.name());
    } else if (ours) {
      Name waiting = Workplace.nameOf(row.id());
      Kept.removeAll(work.limbo(), waiting);
      from.rename(row.name(), work.limbo(), waiting);
      Removals.noteLimbo(index, row.id(), origin);
    }
    var _ = Holding.stopsLeaving(index, row);
    index.removeName(row.parent(), row.name(), row.version());
    effects.changed.add(row.id());
  }

  /** Before a directory is kept aside, what lives on leaves it: it may be about to move. */
  private void letLivingLeave(Inode top) throws IOException {
    List<EntryId> left = new ArrayList<>(List.of(top.id()));
    while (!left.isEmpty()) {
      EntryId id = left.removeLast();
      for (Child child : index.children(id)) {
        Inode inode = child.inode();
        NameRow row = new NameRow(id, child.name(), inode.id(), child.nameVersion());
        DirFd directory = places.directory(index, id);
        if (!Holding.isHeld(index, inode.id()) && directory != null) {
          leave(row, directory, inode, Origin.of(index, row));
        } else if (inode.entry().kind() == FileKind.DIRECTORY) {
          left.add(inode.id());
        }
      }
    }
  }

  /**
   * All that was held in it is elsewhere: what is left in it is no part of the mirror. Excluded
   * files go on in its successor, too.
   */
  private void remove(Inode inode, EntryId successor) throws IOException {
    EntryId id = inode.id();
    NameRow row = index.namesOf(id).stream().findFirst().orElse(null);
    DirFd directory = row == null ? work.limbo() : places.directory(index, row.parent());
    Name name = row == null ? Workplace.nameOf(id) : row.name();
    places.forget(id);
    if (directory != null && directory.statIfPresent(name) != null) {
      Places.Place old = new Places.Place(directory, name);
      boolean left = leavesOwn(old, successor);
      // Kept also where it is empty: if this batch is lost, it is put back.
      KeptRecord.Reason reason =
          old.isEmptyDirectory() ? KeptRecord.Reason.REPLACED : Holding.reasonFor(left);
      Origin origin = row == null ? originOf(id) : Origin.of(index, row);
      Kept.take(index, work, reason, directory, name, origin, inode);
    }
    if (row != null) {
      index.removeName(row.parent(), row.name(), row.version());
      var _ = Holding.stopsLeaving(index, row);
    }
    Removals.forgetLimbo(index, id);
    effects.left(id);
    Shortfalls.gone(index, id);
    Holding.forgetTree(index, inode);
  }

  /** Whether any of this node's own files have to stay in a directory that has a successor. */
  private boolean leavesOwn(Places.Place old, EntryId successor) throws IOException {
    RelPath path = Removals.path(index, successor);
    Places.Place into = places.of(index, successor);
    return own.areIn(old.directory(), old.name(), path)
        && (into == null || !own.move(old, into, path));
  }

  private Origin originOf(EntryId id) {
    Origin origin = Removals.origin(index, id);
    return origin == null ? Origin.of(index, EntryId.ROOT, Workplace.nameOf(id)) : origin;
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.hotspare.delta.Signature;
import org.hotspare.index.Child;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.Local;
import org.hotspare.index.NameRow;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.tree.Timestamp;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.Mark;
import org.jspecify.annotations.Nullable;

/**
 * Compares places of a standby's tree with its index within one transaction, for {@link Drift}:
 * what somebody else put there is kept aside, and what is not as the index has it is named, to be
 * sent anew.
 */
final class TreeMend {
  private final Drift drift;
  private final IndexWriter index;
  private final Workplace work;
  private final Places places;

  /** A name in an open directory of the tree. */
  private record Spot(DirFd at, EntryId parent, Name name) {
    @Nullable Stat stat() throws IOException {
      return at.statIfPresent(name);
    }
  }

  TreeMend(Drift drift, IndexWriter index, Workplace work, Places places) {
    this.drift = drift;
    this.index = index;
    this.work = work;
    this.places = places;
  }

  private RelPath path(EntryId parent, Name name) {
    return Removals.path(index, parent).child(name);
  }

  // ---- where to look

  void name(EntryId parent, Name name) throws IOException {
    DirFd at = open(parent);
    if (at == null) {
      return;
    }
    Spot spot = new Spot(at, parent, name);
    NameRow row = index.name(parent, name).orElse(null);
    Inode inode = row == null ? null : index.inode(row.id()).orElse(null);
    Stat stat = spot.stat();
    if (stat != null) {
      var _ = found(spot, inode, stat);
    } else if (inode != null) {
      missing(spot, inode);
    }
    self(parent);
  }

  /** A directory's own metadata. */
  void self(EntryId id) throws IOException {
    Inode inode = index.inode(id).orElse(null);
    DirFd at = open(id);
    if (inode == null || at == null) {
      return;
    }
    Stat stat = at.stat();
    Local local = inode.local();
    if (local == null || !local.changed().equals(stat.changed())) {
      FileMetadata.setSelf(at, inode.entry().metadata());
      index.putLocal(id, EntryReader.local(at.stat(), true));
    }
  }

  /** All that is in a directory. Answers which directories in it are as they should be. */
  List<EntryId> directory(EntryId id) throws IOException {
    DirFd at = open(id);
    if (at == null) {
      return List.of();
    }
    List<EntryId> below = new ArrayList<>();
    drift.watch(id, at);
    Map<Name, Child> children = new TreeMap<>();
    for (Child child : index.children(id)) {
      children.put(child.name(), child);
    }
    for (Name name : Kept.names(at)) {
      Spot spot = new Spot(at, id, name);
      Stat stat = spot.stat();
      if (stat != null) {
        Child child = children.remove(name);
        Inode inode = child == null ? null : child.inode();
        if (found(spot, inode, stat) && inode != null) {
          below.add(inode.id());
        }
      }
    }
    for (Child child : children.values()) {
      missing(new Spot(at, id, child.name()), child.inode());
    }
    self(id);
    OutOfReach.remove(index, id);
    return below;
  }

  private @Nullable DirFd open(EntryId directory) throws IOException {
    if (index.inode(directory).isEmpty()) {
      OutOfReach.remove(index, directory);
      return null;
    }
    return places.directory(index, directory);
  }

  // ---- what is there

  /**
   * @return whether it is a directory of ours
   */
  private boolean found(Spot spot, @Nullable Inode inode, Stat stat) throws IOException {
    try {
      return compare(spot, inode, stat);
    } catch (LinuxException e) {
      cannotBeMended(spot, e);
      return false;
    }
  }

  /** What nobody may change, as an immutable file, is that file's problem. */
  private void cannotBeMended(Spot spot, LinuxException e) throws LinuxException {
    if (!e.is(Errno.EPERM, Errno.EACCES, Errno.EBUSY)) {
      throw e;
    }
    drift.unmended(new Mark.Entry(spot.parent, spot.name));
    drift.problem(
        path(spot.parent, spot.name),
        "was changed on this standby and cannot be mended: " + e.errno().text());
  }

  private boolean compare(Spot spot, @Nullable Inode inode, Stat stat) throws IOException {
    if (inode == null) {
      extra(spot, stat);
      return false;
    }
    Local local = inode.local();
    if (local == null || !EntryReader.isSame(local, stat) || inode.entry().kind() != stat.kind()) {
      if (!relinkOver(spot, inode, stat)) {
        differs(spot, inode, stat);
      }
      return false;
    }
    if (!local.changed().equals(stat.changed())) {
      touched(spot, inode, stat);
    }
    return stat.kind() == FileKind.DIRECTORY;
  }

  /** Somebody changed a file of ours, or only its metadata. */
  private void touched(Spot spot, Inode inode, Stat stat) throws IOException {
    if (inode.entry() instanceof Entry.RegularFile file) {
      Signature found = Contents.signatureIfSame(spot.at, spot.name, inode.local());
      if (found == null) {
        // It was swapped since it was looked at, which the next event tells.
        return;
      }
      if (!found.root().equals(file.digest())) {
        differs(spot, inode, stat);
        return;
      }
    }
    if (stat.kind() != FileKind.DIRECTORY
        && FileMetadata.setIfSame(spot.at, spot.name, inode.local(), inode.entry()).isPresent()) {
      Stat now = spot.stat();
      if (now != null && EntryReader.isSame(inode.local(), now)) {
        index.putLocal(inode.id(), EntryReader.local(now, true));
      }
    }
  }

  /** Something else has the name of one of our entries. */
  private void differs(Spot spot, Inode inode, Stat stat) throws IOException {
    boolean files = stat.kind() != FileKind.DIRECTORY && inode.entry().kind() != FileKind.DIRECTORY;
    Inode known = ours(stat);
    boolean elsewhere = known != null && !known.id().equals(inode.id());
    if (drift.isRecovering() && files && elsewhere) {
      // A further link to one of our own files, left by the batch that was lost.
      spot.at.unlink(spot.name);
    } else if (drift.isRecovering() && files) {
      // Most likely the version that was being put in place: it stays until it comes again.
      link(spot);
      Local local = EntryReader.local(stat, false);
      index.putLocal(
          inode.id(),
          new Local(local.device(), local.inode(), local.born(), Timestamp.EPOCH, false, null));
    } else {
      keep(spot);
    }
    lost(inode.id());
  }

  /** The entry whose file this is, as far as that is where the index knows it. */
  private @Nullable Inode ours(Stat stat) {
    return index
        .inodeAt(stat.device(), stat.inode())
        .filter(known -> EntryReader.isSame(known.local(), stat))
        .orElse(null);
  }

  private void extra(Spot spot, Stat stat) throws IOException {
    RelPath above = Removals.path(index, spot.parent);
    extra(spot, new Places.Place(spot.at, spot.name), stat, above);
  }

  /**
   * Something of which the index knows nothing: what this node's own is stays, with the directories
   * it lies in.
   *
   * @param spot where it is, or the directory of which the index knows nothing that it lies in
   * @param above the path of the directory in which it is
   */
  private void extra(Spot spot, Places.Place place, Stat stat, RelPath above) throws IOException {
    OwnFiles own = drift.own();
    if (own.is(above, place.name(), stat)) {
      return;
    }
    RelPath path = above.child(place.name());
    if (!own.areIn(place.directory(), place.name(), path)) {
      keep(spot, place, stat, path);
      return;
    }
    try (DirFd inside = place.directory().openDirectory(place.name())) {
      Timestamp modified = inside.stat().modified();
      for (Name name : Kept.names(inside)) {
        Stat found = inside.statIfPresent(name);
        if (found != null) {
          extra(spot, new Places.Place(inside, name), found, path);
        }
      }
      inside.setModified(modified);
    }
  }

  // ---- what is not there

  /** A name of ours is not there. */
  private void missing(Spot spot, Inode inode) throws IOException {
    try {
      if (relink(spot, inode)) {
        return;
      }
    } catch (LinuxException e) {
      cannotBeMended(spot, e);
    }
    lost(inode.id());
  }

  /** After a crash: a file of several names lost this one to something else. */
  private boolean relinkOver(Spot spot, Inode inode, Stat stat) throws IOException {
    boolean possible =
        drift.isRecovering()
            && stat.kind() != FileKind.DIRECTORY
            && inode.entry().kind() != FileKind.DIRECTORY
            && otherPlace(spot, inode) != null;
    if (possible) {
      link(spot);
    }
    return possible && relink(spot, inode);
  }

  /** Gives a file a name again from another that it has. */
  private boolean relink(Spot spot, Inode inode) throws IOException {
    Places.Place other = otherPlace(spot, inode);
    if (other == null) {
      return false;
    }
    Name extra = Name.of(Workplace.nameOf(inode.id()) + ".again");
    Kept.removeAll(work.staging(), extra);
    Stat before = other.directory().stat(other.name());
    other.directory().link(other.name(), work.staging(), extra);
    work.staging().rename(extra, spot.at, spot.name);
    Local local = inode.local();
    if (local != null && local.changed().equals(before.changed())) {
      // Linking changed the file's time, and nobody else did.
      index.putLocal(inode.id(), EntryReader.local(spot.at.stat(spot.name), local.settled()));
    }
    return true;
  }

  private Places.@Nullable Place otherPlace(Spot spot, Inode inode) throws IOException {
    if (inode.entry().kind() == FileKind.DIRECTORY) {
      return null;
    }
    for (NameRow row : index.namesOf(inode.id())) {
      boolean same = row.parent().equals(spot.parent) && row.name().equals(spot.name);
      DirFd directory = same ? null : places.directory(index, row.parent());
      Stat stat = directory == null ? null : directory.statIfPresent(row.name());
      if (directory != null && stat != null && EntryReader.isSame(inode.local(), stat)) {
        return new Places.Place(directory, row.name());
      }
    }
    return null;
  }

  // ---- what gives way

  private Origin origin(Spot spot) {
    return Origin.of(index, spot.parent, spot.name);
  }

  private void link(Spot spot) throws IOException {
    KeptRecord.Reason reason =
        drift.hasInFlight() ? KeptRecord.Reason.REPLACED : KeptRecord.Reason.FOREIGN;
    Kept.link(index, work, reason, spot.at, spot.name, origin(spot), null);
  }

  private void keep(Spot spot) throws IOException {
    keep(
        spot,
        new Places.Place(spot.at, spot.name),
        spot.at.stat(spot.name),
        path(spot.parent, spot.name));
  }

  private void keep(Spot spot, Places.Place place, Stat stat, RelPath path) throws IOException {
    if (stat.kind() != FileKind.DIRECTORY && stat.links() > 1 && ours(stat) != null) {
      // Somebody's further link to one of our own files, which keeps its content.
      place.directory().unlink(place.name());
      drift.problem(path, "was linked on this standby; the link is removed");
      return;
    }
    // After a crash within a batch, what nobody knows may be what that batch was putting in place.
    boolean ours = drift.hasInFlight();
    KeptRecord.Reason reason = ours ? KeptRecord.Reason.REPLACED : KeptRecord.Reason.FOREIGN;
    Kept.take(index, work, reason, place.directory(), place.name(), origin(spot), null);
    if (!ours) {
      drift.problem(path, "was changed on this standby; its local version is kept");
    }
  }

  /** What the index knows is not in the tree: it and all below have to come again. */
  private void lost(EntryId id) {
    if (Places.isDirectory(index, id)) {
      OutOfReach.add(index, id);
    }
    List<EntryId> left = new ArrayList<>(List.of(id));
    while (!left.isEmpty()) {
      EntryId next = left.removeLast();
      if (drift.want(next)) {
        index.children(next).forEach(child -> left.add(child.inode().id()));
      }
    }
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hotspare.index.Child;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.Local;
import org.hotspare.index.NameRow;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Change;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.Problems;
import org.hotspare.wire.ProtocolException;
import org.jspecify.annotations.Nullable;

/**
 * Puts one batch of rows into a standby's tree and index, inside one transaction.
 *
 * <p>Rows come by their latest position, so names may have been exchanged and directories may have
 * moved below younger ones. Where a name is held by another entry, that one waits in limbo until
 * its own name comes; an entry is removed only by its own tombstone, never for lack of a name. A
 * file's name changes by one rename, so that a reader finds the old file or the new one. Directory
 * times are set last.
 *
 * <p>Rows that name what is not known yet are kept in {@link #pending} and tried again, at the
 * latest with the end of the cut.
 */
final class Merge implements AutoCloseable {
  private final IndexWriter index;
  private final Workplace work;
  private final Places places;
  private final Problems problems;
  private final Removals removals;
  private final BatchRows rows;
  private final Appeared appeared;

  private final Map<EntryId, Staged> staged = new HashMap<>();
  private final Set<EntryId> changed = new LinkedHashSet<>();
  private final Set<EntryId> changedDirectories = new LinkedHashSet<>();
  private final Set<EntryId> missing = new LinkedHashSet<>();
  private List<Change.NameSet> pending = new ArrayList<>();

  /**
   * Files whose new content is put in place with the end of the batch, since names leave them in
   * it: nobody may find the later content under a former name. Until then what their remaining
   * names hold, and the index tells, is the version before.
   */
  private final Map<EntryId, Deferred> deferred = new LinkedHashMap<>();

  /** Entries that were asked for anew: their rows count although their versions are known. */
  private final Set<EntryId> asked;

  /** Names at which a file still lies that is safe elsewhere: the next rename replaces it. */
  private final Set<BatchRows.Key> evicted = new HashSet<>();

  /** Whether rows of this batch may follow that free a name. */
  private boolean patient = true;

  private static final class Deferred {
    final Change.InodeSet change;
    final Inode before;
    boolean kept;

    Deferred(Change.InodeSet change, Inode before) {
      this.change = change;
      this.before = before;
    }
  }

  Merge(
      IndexWriter index,
      Workplace work,
      Removals removals,
      Problems problems,
      Set<EntryId> asked,
      List<Change> batch,
      Appeared appeared) {
    this.index = index;
    this.work = work;
    this.places = new Places(work);
    this.removals = removals;
    this.problems = problems;
    this.asked = asked;
    this.rows = new BatchRows(batch);
    this.appeared = appeared;
  }

  /** Entries that this node lacks: their rows came without the content that would make them. */
  Set<EntryId> missing() {
    return missing;
  }

  /** Rows whose directory or entry did not come yet. */
  List<Change.NameSet> pending() {
    return pending;
  }

  /**
   * Applies a row. {@code content} is the file that was staged for it, if it is of a regular file.
   */
  void apply(Change change, @Nullable Staged content) throws IOException {
    try {
      switch (change) {
        case Change.InodeSet set -> inodeSet(set, content);
        case Change.NameSet set -> {
          if (!place(set)) {
            pending.add(set);
          }
        }
        case Change.NameGone gone -> nameGone(gone);
        case Change.InodeGone gone -> inodeGone(gone);
      }
    } catch (LinuxException e) {
      Shortfalls.refused(index, change, e);
    }
  }

  /**
   * Gives an entry a name, unless this filesystem refuses it: then it waits in limbo.
   *
   * @return false where its directory, or the entry itself, is not there yet
   */
  private boolean place(Change.NameSet set) throws IOException {
    try {
      return nameSet(set);
    } catch (LinuxException e) {
      Shortfalls.refused(index, set, e);
      missing.remove(set.id());
      return true;
    }
  }

  // ---- inodes

  private void inodeSet(Change.InodeSet set, @Nullable Staged content) throws IOException {
    EntryId id = set.id();
    Inode existing = index.inode(id).orElse(null);
    boolean stale =
        existing != null && !set.version().isAfter(existing.version()) && !asked.contains(id);
    if (stale) {
      if (content != null) {
        work.staging().unlink(content.name());
      }
      return;
    }
    if (content != null && deferred.containsKey(id)) {
      putDeferred(id);
      existing = index.inode(id).orElse(null);
    }
    if (existing != null && existing.entry().kind() != set.entry().kind()) {
      throw new ProtocolException(
          "entry %s, which is a %s, becomes a %s"
              .formatted(id, existing.entry().kind().text(), set.entry().kind().text()));
    }
    // What could not be made gets its metadata when it is; what only waits for a name has them now.
    boolean nowhere = existing != null && Shortfalls.hasNoPlace(index, id) && !work.isInLimbo(id);
    if (asked.contains(id) && rows.names(id)) {
      Shortfalls.namesCome(index, id);
    }
    Entry entry = content == null ? set.entry() : content.entry();
    Position born = existing == null ? set.version() : existing.born();
    if (existing != null && entry instanceof Entry.Directory directory) {
      if (rows.shrinks(set.id())) {
        removals.noteTime(index, set.id());
      }
      if (Holding.isOn(index)) {
        entry = DirectoryTimes.withhold(index, existing, directory);
      } else {
        DirectoryTimes.settle(index, id);
      }
    }
    if (entry instanceof Entry.RegularFile file && content == null) {
      boolean same =
          existing != null
              && existing.entry() instanceof Entry.RegularFile old
              && old.digest() != null
              && old.digest().equals(file.digest())
              && old.layout() == file.layout();
      if (!same) {
        missing.add(id);
        return;
      }
    }
    index.put(
        new Inode(id, set.version(), born, entry, existing == null ? null : existing.local()));
    missing.remove(id);
    Shortfalls.hasContent(index, id);
    if (existing == null && Shortfalls.lacksNamesBeside(index, id, rows)) {
      // They were told when its content did not come, and are again once it is asked for.
      missing.add(id);
    }
    if (content != null) {
      report(id, content.refused());
      boolean several = content.signature().blocks() > 1;
      if (several || existing != null) {
        index.putSignature(id, several ? content.signature().toBytes() : null);
      }
      Staged earlier = staged.put(id, content);
      if (earlier != null) {
        work.staging().unlink(earlier.name());
      }
    }
    changed.add(id);
    if (existing != null && content != null) {
      if (losesNames(id)) {
        deferred.put(id, new Deferred(set, existing));
      } else {
        replaceContent(existing, false);
      }
    } else if (!nowhere && (existing != null || id.equals(EntryId.ROOT))) {
      // The root is the one entry that is there before its row.
      setMetadata(id, entry);
    }
  }

  private void setMetadata(EntryId id, Entry entry) throws IOException {
    if (entry.kind() == FileKind.DIRECTORY) {
      changedDirectories.add(id);
    }
    if (id.equals(EntryId.ROOT)) {
      report(id, FileMetadata.setSelf(work.root(), entry.metadata()));
      return;
    }
    Places.Place place = places.of(index, id);
    Local local = index.inode(id).map(Inode::local).orElse(null);
    Optional<List<String>> refused =
        place == null
            ? Optional.empty()
            : FileMetadata.setIfSame(place.directory(), place.name(), local, entry);
    if (refused.isEmpty()) {
      missing.add(id);
      return;
    }
    report(id, refused.get());
  }

  /** Whether what lies at the place is the entry. */
  private boolean isOurs(Places.Place place, EntryId id) throws IOException {
    return place.holds(index.inode(id).orElse(null));
  }

  /** Whether a name that a file has is taken from it in this batch. */
  private boolean losesNames(EntryId id) {
    return removals.keeps()
        && !Holding.isOn(index)
        && !rows.removes(id)
        && index.namesOf(id).stream().anyMatch(rows::takes);
  }

  /** The names that are left to a file get the content that was deferred. */
  private void putDeferred(EntryId id) throws IOException {
    Deferred left = deferred.remove(id);
    if (left == null) {
      return;
    }
    try {
      replaceContent(left.before, left.kept);
    } catch (LinuxException e) {
      Shortfalls.refused(index, left.change, e);
    }
  }

  /**
   * A name leaves a file whose new content is deferred: what lies at it is replaced, and kept once.
   *
   * @param last whether it is the last name that the file has: its new content waits for another
   */
  private void leave(Deferred file, DirFd directory, NameRow row, boolean last) throws IOException {
    if (!file.kept) {
      removals.keepBeforeReplacing(index, work, directory, row, file.before);
      file.kept = true;
    }
    if (last) {
      deferred.remove(row.id());
      removals.noteLimbo(index, row);
    }
  }

  /**
   * The new content of a known file takes over all its names.
   *
   * @param keptBefore whether the version before was kept already
   */
  private void replaceContent(Inode existing, boolean keptBefore) throws IOException {
    EntryId id = existing.id();
    List<NameRow> names = new ArrayList<>(index.namesOf(id));
    names.removeAll(Shortfalls.removals(index, id));
    Staged content = staged.get(id);
    if (names.isEmpty() || content == null) {
      // The old version waits in limbo until the new one has its name.
      return;
    }
    boolean kept = keptBefore;
    int replaced = 0;
    Map<NameRow, LinuxException> refused = new LinkedHashMap<>();
    for (NameRow row : names) {
      DirFd directory = places.directory(index, row.parent());
      if (directory == null) {
        missing.add(row.parent());
        continue;
      }
      try {
        kept |= replaceAt(directory, row, existing, content, !kept);
        replaced++;
      } catch (LinuxException e) {
        refused.put(row, e);
      }
    }
    work.staging().unlink(content.name());
    staged.remove(id);
    if (replaced == 0 && !refused.isEmpty()) {
      index.put(existing);
      throw refused.values().iterator().next();
    }
    for (Map.Entry<NameRow, LinuxException> name : refused.entrySet()) {
      // What lies there still is the version before, which gives way when the name can be made.
      NameRow row = name.getKey();
      Change.NameSet set = new Change.NameSet(row.parent(), row.name(), id, row.version());
      Shortfalls.refused(index, set, name.getValue());
    }
    index.putLocal(id, content.local());
  }

  /**
   * @param keep whether the version before is to be kept
   * @return whether it was
   */
  private boolean replaceAt(
      DirFd directory, NameRow row, Inode existing, Staged content, boolean keep)
      throws IOException {
    Stat there = directory.statIfPresent(row.name());
    if (there != null && EntryReader.isSame(content.local(), there)) {
      return false;
    }
    boolean ours = there != null && EntryReader.isSame(existing.local(), there);
    if (there != null && !ours) {
      keepForeign(directory, row.parent(), row.name());
    }
    Name extra = furtherLink(content);
    if (ours && keep) {
      removals.keepBeforeReplacing(index, work, directory, row, existing);
    }
    rename(work.staging(), extra, directory, row.name(), row.parent());
    changedDirectories.add(row.parent());
    return ours && keep;
  }

  /** To be renamed over a name: staging keeps the other for the names that follow. */
  private Name furtherLink(Staged content) throws IOException {
    Name extra = Name.of(content.name() + ".link");
    Kept.removeAll(work.staging(), extra);
    work.staging().link(content.name(), work.staging(), extra);
    return extra;
  }

  private void inodeGone(Change.InodeGone gone) throws IOException {
    Inode inode = index.inode(gone.id()).orElse(null);
    missing.remove(gone.id());
    pending.removeIf(row -> row.id().equals(gone.id()));
    Shortfalls.gone(index, gone.id());
    if (inode == null || gone.id().equals(EntryId.ROOT)) {
      return;
    }
    if (Holding.isOn(index) && canBeHeld(inode)) {
      Holding.hold(index, gone.id());
      return;
    }
    if (Shortfalls.holdsUndeleted(index, gone.id())) {
      Shortfalls.lacksDeletion(index, gone.id(), Removals.HOLDS_UNDELETED);
      return;
    }
    for (NameRow row : index.namesOf(gone.id())) {
      removeName(row, gone.version());
    }
    removeFromLimbo(inode);
    places.forget(gone.id());
    changed.remove(gone.id());
    changedDirectories.remove(gone.id());
    index.remove(gone.id(), gone.version());
  }

  /** Whether there is anything to hold: what was asked for anew somebody here may have removed. */
  private boolean canBeHeld(Inode inode) throws IOException {
    List<NameRow> names = index.namesOf(inode.id());
    if (names.isEmpty()) {
      return GivingWay.isWaiting(index, work, inode);
    }
    boolean there = !asked.contains(inode.id());
    for (NameRow row : names) {
      there = there || isThere(row);
    }
    return there;
  }

  private void removeFromLimbo(Inode inode) throws IOException {
    if (work.isInLimbo(inode.id())) {
      removals.takeFromLimbo(index, work, places, inode);
    }
  }

  // ---- names

  private void nameGone(Change.NameGone gone) throws IOException {
    NameRow row = index.name(gone.parent(), gone.name()).orElse(null);
    pending.removeIf(p -> p.parent().equals(gone.parent()) && p.name().equals(gone.name()));
    if (row == null) {
      Shortfalls.nameIsGone(index, gone);
      return;
    }
    if (row.version().isAfter(gone.version())) {
      return;
    }
    boolean moving = removals.isMoving(row.id()) && index.namesOf(row.id()).size() > 1;
    if (Holding.isOn(index) && !moving) {
      Holding.holdName(index, row);
      return;
    }
    boolean keepsItsPlace = rows.removes(row.id()) && Places.isDirectory(index, row.id());
    if (keepsItsPlace) {
      // Until its tombstone: what is in it has to be taken out, each for itself, before.
      return;
    }
    removeName(row, gone.version());
  }

  /**
   * Removes a name. An entry that loses its last one goes where its tombstone, or its next name,
   * finds it.
   */
  private void removeName(NameRow row, Position version) throws IOException {
    Inode inode = index.inode(row.id()).orElse(null);
    DirFd directory = places.directory(index, row.parent());
    if (directory != null && inode != null) {
      Places.Place place = new Places.Place(directory, row.name());
      Deferred file = deferred.get(row.id());
      if (!isOurs(place, row.id())) {
        keepForeign(directory, row.parent(), row.name());
      } else if (index.namesOf(row.id()).size() > 1) {
        if (file != null) {
          leave(file, directory, row, false);
        }
        directory.unlink(row.name());
        removals.unlinked(index, row, inode);
      } else if (file != null) {
        leave(file, directory, row, true);
        directory.unlink(row.name());
      } else if (!rows.removes(row.id())) {
        toLimbo(directory, row);
      } else if (!removals.mustStay(index, work, directory, row, inode)) {
        if (index.hasChildren(row.id())) {
          // What is in it may still move out, before its own tombstone takes it.
          toLimbo(directory, row);
        } else {
          removals.take(index, work, directory, row, inode);
        }
      } else {
        // It stays without what is in it here, which may have moved on the primary before it went.
        for (Child child : index.children(row.id())) {
          EntryId id = child.inode().id();
          removeName(new NameRow(row.id(), child.name(), id, child.nameVersion()), version);
        }
      }
      changedDirectories.add(row.parent());
    }
    if (inode != null && inode.entry().kind() == FileKind.DIRECTORY) {
      places.forget(row.id());
    }
    changed.add(row.id());
    index.removeName(row.parent(), row.name(), version);
  }

  private void toLimbo(DirFd directory, NameRow row) throws IOException {
    Name waiting = Workplace.nameOf(row.id());
    Kept.removeAll(work.limbo(), waiting);
    directory.rename(row.name(), work.limbo(), waiting);
    removals.noteLimbo(index, row);
  }

  /**
   * Something that the index does not know has the name: nobody else has it, so it is kept for
   * good.
   */
  private void keepForeign(DirFd directory, EntryId parent, Name name) throws IOException {
    if (directory.statIfPresent(name) != null) {
      RelPath path = index.path(parent).orElse(RelPath.ROOT).child(name);
      keepForeign(directory, parent, name, path);
    }
  }

  private void keepForeign(DirFd directory, EntryId parent, Name name, RelPath path)
      throws IOException {
    Origin origin = Origin.of(index, parent, name);
    Kept.take(index, work, KeptRecord.Reason.FOREIGN, directory, name, origin, null);
    problems.add(path, "was changed on this standby; its local version is kept");
  }

  /**
   * @return false where its directory, or the entry itself, is not there yet
   */
  private boolean nameSet(Change.NameSet set) throws IOException {
    NameRow present = index.name(set.parent(), set.name()).orElse(null);
    if (present != null && present.version().isAfter(set.version())) {
      return true;
    }
    Inode inode = index.inode(set.id()).orElse(null);
    Inode parent = index.inode(set.parent()).orElse(null);
    if (parent != null && parent.entry().kind() != FileKind.DIRECTORY) {
      throw new ProtocolException(
          "a name in entry %s, which is a %s"
              .formatted(set.parent(), parent.entry().kind().text()));
    }
    boolean known = inode != null && parent != null;
    if (known && Shortfalls.hasNoPlace(index, set.parent())) {
      Shortfalls.lacksName(index, set, "its directory cannot be made here");
      return true;
    }
    DirFd directory = known ? places.directory(index, set.parent()) : null;
    if (inode == null || directory == null) {
      return false;
    }
    boolean comes = staged.containsKey(set.id()) && !deferred.containsKey(set.id());
    if (present != null && present.id().equals(set.id()) && !comes) {
      var _ = Holding.stopsLeaving(index, present);
      // Where new content is deferred, the end of the batch sees to all names.
      boolean lost =
          asked.contains(set.id())
              && !deferred.containsKey(set.id())
              && !isOurs(new Places.Place(directory, set.name()), set.id());
      if (lost) {
        keepForeign(directory, set.parent(), set.name());
        if (!bring(directory, set, inode)) {
          if (patient) {
            // It may be made at another of its names, whose directory comes later.
            return false;
          }
          missing.add(set.id());
        }
        changed.add(set.id());
        changedDirectories.add(set.parent());
      }
      named(set);
      return true;
    }
    if (isTakenByOwnFiles(directory, set, inode, present)) {
      if (patient) {
        return false;
      }
      Shortfalls.lacksName(index, set, "a directory in its place here holds excluded files");
      missing.remove(set.id());
      return true;
    }
    if (present != null && !present.id().equals(set.id())) {
      evict(directory, present, inode);
    }
    if (!bring(directory, set, inode)) {
      return false;
    }
    named(set);
    changed.add(set.id());
    changedDirectories.add(set.parent());
    return true;
  }

  /**
   * Whether a directory with this node's own files in it has the name, which is to be of something
   * else: it may be about to move, with all that is in it, or about to be deleted, and stays then.
   */
  private boolean isTakenByOwnFiles(
      DirFd directory, Change.NameSet set, Inode inode, @Nullable NameRow present)
      throws IOException {
    boolean possible =
        removals.own().mayExist()
            && inode.entry().kind() != FileKind.DIRECTORY
            && (present == null || Places.isDirectory(index, present.id()));
    return possible
        && removals
            .own()
            .areIn(directory, set.name(), Removals.path(index, set.parent()).child(set.name()));
  }

  private void named(Change.NameSet set) throws IOException {
    index.putName(new NameRow(set.parent(), set.name(), set.id(), set.version()));
    Shortfalls.hasName(index, set);
    if (asked.contains(set.id())) {
      for (NameRow row : Shortfalls.takeRemovals(index, set.id())) {
        removeAtLast(row, set.version());
      }
    }
  }

  /** A name could not be removed when its removal came: what the row says since is not newer. */
  private void removeAtLast(NameRow row, Position version) throws IOException {
    if (Holding.isOn(index)) {
      Holding.holdName(index, row);
      return;
    }
    Position at = row.version().isAfter(version) ? row.version() : version;
    try {
      removeName(row, at);
    } catch (LinuxException e) {
      Shortfalls.refused(index, new Change.NameGone(row.parent(), row.name(), at), e);
    }
  }

  /**
   * The name is needed by another entry. A file stays at it until it is replaced; a directory
   * leaves now: one whose deletion is held finds another place with the end of the batch.
   */
  private void evict(DirFd directory, NameRow row, Inode successor) throws IOException {
    Inode occupant = index.inode(row.id()).orElse(null);
    if (occupant == null) {
      return;
    }
    Places.Place place = new Places.Place(directory, row.name());
    boolean last = index.namesOf(row.id()).size() == 1;
    boolean ours = isOurs(place, row.id());
    if (!ours) {
      keepForeign(directory, row.parent(), row.name());
    } else if (occupant.entry().kind() == FileKind.DIRECTORY) {
      places.forget(row.id());
      toLimbo(directory, row);
    } else {
      evicted.add(new BatchRows.Key(row.parent(), row.name()));
      if (last && Holding.isHeld(index, row.id())) {
        Holding.drop(index, work, directory, row, occupant, successor);
        return;
      }
      Deferred file = deferred.get(row.id());
      if (file != null) {
        leave(file, directory, row, last);
      } else if (last && rows.removes(row.id())) {
        removals.keepBeforeReplacing(index, work, directory, row, occupant);
      } else if (last) {
        Kept.removeAll(work.limbo(), Workplace.nameOf(row.id()));
        directory.link(row.name(), work.limbo(), Workplace.nameOf(row.id()));
        removals.noteLimbo(index, row);
      }
    }
    var _ = Holding.stopsLeaving(index, row);
    index.removeName(row.parent(), row.name(), row.version());
    changed.add(row.id());
    if (last && !ours && Holding.isHeld(index, row.id())) {
      // Somebody took it away here, and the primary has it no more.
      Holding.forgetTree(index, occupant);
    }
  }

  /** Makes the entry appear under its name, from wherever it is. */
  private boolean bring(DirFd directory, Change.NameSet set, Inode inode) throws IOException {
    EntryId id = set.id();
    Staged content = staged.get(id);
    List<NameRow> names =
        index.namesOf(id).stream()
            .filter(row -> !(row.parent().equals(set.parent()) && row.name().equals(set.name())))
            .toList();
    Name waiting = Workplace.nameOf(id);
    if (content != null && deferred.containsKey(id)) {
      rename(work.staging(), furtherLink(content), directory, set.name(), set.parent());
      removals.linked(id);
      return true;
    }
    if (content != null) {
      rename(work.staging(), content.name(), directory, set.name(), set.parent());
      staged.remove(id);
      index.putLocal(id, content.local());
      removals.keepReplacedInLimbo(index, work, waiting);
      Removals.forgetLimbo(index, id);
      return true;
    }
    if (names.isEmpty() && work.isInLimbo(id)) {
      boolean moved = moveDirectoryAware(work.limbo(), waiting, directory, set, inode);
      if (moved) {
        Removals.forgetLimbo(index, id);
      }
      return moved;
    }
    if (names.isEmpty()) {
      return create(directory, set, inode);
    }
    return inode.entry().kind() == FileKind.DIRECTORY
        ? bringDirectory(directory, set, inode, names.getFirst())
        : bringFile(directory, set, inode, names);
  }

  private boolean bringDirectory(DirFd directory, Change.NameSet set, Inode inode, NameRow old)
      throws IOException {
    EntryId id = set.id();
    DirFd oldDirectory = places.directory(index, old.parent());
    if (oldDirectory == null) {
      return false;
    }
    if (!isOurs(new Places.Place(oldDirectory, old.name()), id)) {
      // It was lost, and comes anew if it was asked for already.
      missing.add(id);
      boolean made = asked.contains(id) && create(directory, set, inode);
      if (made) {
        index.removeName(old.parent(), old.name(), set.version());
      }
      return made;
    }
    var _ = Holding.stopsLeaving(index, old);
    boolean moved = moveDirectoryAware(oldDirectory, old.name(), directory, set, inode);
    if (!moved) {
      // Its new place lies below itself: it waits outside until what is between has moved.
      toLimbo(oldDirectory, old);
      places.close();
    }
    index.removeName(old.parent(), old.name(), set.version());
    changedDirectories.add(old.parent());
    return moved;
  }

  private boolean bringFile(DirFd directory, Change.NameSet set, Inode inode, List<NameRow> names)
      throws IOException {
    EntryId id = set.id();
    NameRow ours = null;
    boolean reachable = false;
    for (NameRow row : names) {
      reachable |= places.directory(index, row.parent()) != null;
      if (isThere(row)) {
        ours = row;
        break;
      }
    }
    if (ours == null) {
      if (reachable) {
        // All its names were lost: what has no content is made again if it was asked for.
        missing.add(id);
      }
      return reachable && asked.contains(id) && create(directory, set, inode);
    }
    for (NameRow candidate : names) {
      boolean held = Holding.stopsLeaving(index, candidate);
      if (held || rows.removes(candidate)) {
        DirFd from = places.directory(index, candidate.parent());
        if (from != null && isThere(candidate)) {
          rename(from, candidate.name(), directory, set.name(), set.parent());
          index.removeName(candidate.parent(), candidate.name(), set.version());
          changedDirectories.add(candidate.parent());
          return true;
        }
        if (held) {
          // It was to go, and is not there.
          index.removeName(candidate.parent(), candidate.name(), set.version());
        }
      }
    }
    link(ours, directory, set);
    return true;
  }

  private boolean isThere(NameRow row) throws IOException {
    DirFd parent = places.directory(index, row.parent());
    return parent != null && isOurs(new Places.Place(parent, row.name()), row.id());
  }

  /** A further name. */
  private void link(NameRow from, DirFd directory, Change.NameSet set) throws IOException {
    DirFd parent = places.directory(index, from.parent());
    if (parent == null) {
      throw new IOException("directory " + from.parent() + " is not where it was a moment ago");
    }
    Name extra = Name.of(Workplace.nameOf(set.id()) + ".link");
    Kept.removeAll(work.staging(), extra);
    parent.link(from.name(), work.staging(), extra);
    rename(work.staging(), extra, directory, set.name(), set.parent());
    removals.linked(set.id());
  }

  private boolean moveDirectoryAware(
      DirFd from, Name name, DirFd directory, Change.NameSet set, Inode inode) throws IOException {
    boolean isDirectory = inode.entry().kind() == FileKind.DIRECTORY;
    try {
      rename(from, name, directory, set.name(), set.parent());
    } catch (LinuxException e) {
      if (isDirectory && e.is(Errno.EINVAL)) {
        return false;
      }
      if (isDirectory && e.is(Errno.ENOENT)) {
        missing.add(set.id());
        return false;
      }
      throw e;
    }
    if (isDirectory) {
      places.forget(set.id());
      changedDirectories.add(set.id());
    }
    return true;
  }

  /** Renames onto a name that the index believes free, or held by a file that is to be replaced. */
  private void rename(DirFd from, Name name, DirFd directory, Name newName, EntryId parent)
      throws IOException {
    boolean replaces = evicted.remove(new BatchRows.Key(parent, newName));
    try {
      if (replaces || index.name(parent, newName).isPresent()) {
        from.rename(name, directory, newName);
        if (from.statIfPresent(name) != null) {
          // The name was this file's already, as it may be after a crash: then a rename does
          // nothing.
          from.unlink(name);
        }
      } else {
        from.renameNoReplace(name, directory, newName);
      }
    } catch (LinuxException e) {
      if (!e.is(Errno.EEXIST, Errno.ENOTEMPTY, Errno.EISDIR, Errno.ENOTDIR)) {
        throw e;
      }
      if (replaces) {
        // A directory takes a file's name: the file is safe elsewhere already.
        directory.unlink(newName);
      } else {
        takeOverOwnFiles(new Places.Place(from, name), directory, parent, newName);
        keepForeign(directory, parent, newName);
      }
      from.rename(name, directory, newName);
    }
  }

  /** A directory takes the place of one that is here only because of what is excluded in it. */
  private void takeOverOwnFiles(Places.Place comes, DirFd directory, EntryId parent, Name name)
      throws IOException {
    RelPath path = Removals.path(index, parent).child(name);
    Places.Place old = new Places.Place(directory, name);
    boolean all =
        removals.own().areIn(directory, name, path) && removals.own().move(old, comes, path);
    if (all && old.isEmptyDirectory()) {
      directory.rmdir(name);
    }
  }

  /** Makes what has no content: a directory, a link, a special file. */
  private boolean create(DirFd directory, Change.NameSet set, Inode inode) throws IOException {
    if (inode.entry() instanceof Entry.Directory made && takesOver(directory, set)) {
      becomes(directory, set, made);
      return true;
    }
    Name temporary = Name.of(Workplace.nameOf(set.id()) + ".new");
    Kept.removeAll(work.staging(), temporary);
    DirFd staging = work.staging();
    switch (inode.entry()) {
      case Entry.RegularFile file -> {
        missing.add(set.id());
        return false;
      }
      case Entry.Directory made -> {
        staging.mkdir(temporary, 0700);
        try (DirFd directoryMade = staging.openDirectory(temporary)) {
          isNew(set.id(), directoryMade);
        }
      }
      case Entry.SymbolicLink link -> staging.symlink(link.target(), temporary);
      case Entry.SpecialFile special ->
          staging.mknod(temporary, special.kind(), 0600, special.major(), special.minor());
    }
    report(set.id(), FileMetadata.set(staging, temporary, inode.entry()));
    index.putLocal(set.id(), EntryReader.local(staging.stat(temporary), true));
    rename(staging, temporary, directory, set.name(), set.parent());
    missing.remove(set.id());
    return true;
  }

  /**
   * Whether a directory that is to be made is there, because of this node's own files in it. What
   * is mounted there is another filesystem, into which nothing can be moved.
   */
  private boolean takesOver(DirFd directory, Change.NameSet set) throws IOException {
    Name name = set.name();
    if (!removals.own().mayExist() || index.name(set.parent(), name).isPresent()) {
      return false;
    }
    Stat stat = directory.statIfPresent(name);
    return stat != null
        && stat.device() == directory.stat().device()
        && !stat.isMountRoot()
        && removals.own().areIn(directory, name, Removals.path(index, set.parent()).child(name));
  }

  /**
   * It becomes the entry where it is: this node's own files must not be where a crash would remove
   * them. What else is in it nobody else has.
   */
  private void becomes(DirFd directory, Change.NameSet set, Entry.Directory entry)
      throws IOException {
    EntryId id = set.id();
    RelPath path = Removals.path(index, set.parent()).child(set.name());
    try (DirFd inside = directory.openDirectory(set.name())) {
      isNew(id, inside);
      for (Name name : Kept.names(inside)) {
        Stat stat = inside.statIfPresent(name);
        boolean own =
            stat != null
                && (removals.own().is(path, name, stat)
                    || removals.own().areIn(inside, name, path.child(name)));
        if (stat != null && !own) {
          keepForeign(inside, id, name, path.child(name));
        }
      }
      report(id, FileMetadata.setSelf(inside, entry.metadata()));
      index.putLocal(id, EntryReader.local(inside.stat(), true));
    }
    missing.remove(id);
  }

  /** A directory that was made, or made anew: then what it held may not be in it. */
  private void isNew(EntryId id, DirFd directory) throws IOException {
    appeared.directory(id, directory);
    changedDirectories.add(id);
    if (index.hasChildren(id)) {
      OutOfReach.add(index, id);
    }
  }

  private void report(EntryId id, List<String> refused) {
    if (refused.isEmpty()) {
      Shortfalls.hasMetadata(index, id);
      return;
    }
    Shortfalls.lacksMetadata(index, id, "not all metadata: " + String.join("; ", refused));
  }

  // ---- the end of a batch

  /** Tries the rows again whose directories or entries came after them. */
  void retryPending(List<Change.NameSet> earlier) throws IOException {
    pending.addAll(0, earlier);
    int before;
    do {
      before = pending.size();
      placePending();
    } while (pending.size() < before);
    patient = false;
    placePending();
  }

  private void placePending() throws IOException {
    List<Change.NameSet> again = pending;
    pending = new ArrayList<>();
    for (Change.NameSet row : again) {
      if (!place(row)) {
        pending.add(row);
      }
    }
  }

  /** Parks what has no name yet, sets directory times, and remembers where everything lies. */
  void finish() throws IOException {
    for (EntryId id : List.copyOf(deferred.keySet())) {
      putDeferred(id);
    }
    for (Map.Entry<EntryId, Staged> left : staged.entrySet()) {
      Name waiting = Workplace.nameOf(left.getKey());
      removals.keepReplacedInLimbo(index, work, waiting);
      work.staging().rename(left.getValue().name(), work.limbo(), waiting);
      index.putLocal(left.getKey(), left.getValue().local());
      changed.add(left.getKey());
    }
    staged.clear();
    settleHeld();
    for (EntryId id : changedDirectories) {
      setTimes(id);
    }
    changed.addAll(changedDirectories);
    for (EntryId id : changed) {
      remember(id);
    }
  }

  private void settleHeld() throws IOException {
    if (Holding.isOn(index)) {
      GivingWay.Effects effects =
          new GivingWay.Effects(changed, changedDirectories, this::keepForeign);
      new GivingWay(index, work, places, removals.own(), effects).settle();
    }
  }

  /** Told of each directory that is made, before anybody can put something into it. */
  interface Appeared {
    void directory(EntryId id, DirFd directory) throws IOException;
  }

  private void setTimes(EntryId id) throws IOException {
    Inode inode = index.inode(id).orElse(null);
    DirFd directory = inode == null ? null : places.directory(index, id);
    if (inode != null && directory != null) {
      try {
        directory.setModified(inode.entry().metadata().modified());
      } catch (LinuxException e) {
        if (!e.is(Errno.EPERM, Errno.EACCES)) {
          throw e;
        }
        report(id, List.of(e.call() + ": " + e.errno().text()));
      }
    }
  }

  private void remember(EntryId id) throws IOException {
    Inode inode = index.inode(id).orElse(null);
    if (inode == null) {
      return;
    }
    Stat stat;
    if (id.equals(EntryId.ROOT)) {
      stat = work.root().stat();
    } else {
      Places.Place place = places.of(index, id);
      stat = place == null ? null : place.directory().statIfPresent(place.name());
    }
    Local local = inode.local();
    boolean ours = local == null || (stat != null && EntryReader.isSame(local, stat));
    if (stat != null && ours && isAsPut(inode.entry(), stat)) {
      index.putLocal(id, EntryReader.local(stat, true));
    }
  }

  /** Not if somebody else wrote to it since: then its event is to find a time that is unknown. */
  private static boolean isAsPut(Entry entry, Stat stat) {
    return !(entry instanceof Entry.RegularFile file)
        || (stat.size() == file.size() && stat.modified().equals(file.metadata().modified()));
  }

  /** Also where the batch failed: it may be tried for as long as a disk is full. */
  @Override
  public void close() {
    places.close();
  }
}

package org.hotspare.watch;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.hotspare.index.Child;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.Local;
import org.hotspare.index.NameRow;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.FileHandle;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Listed;
import org.hotspare.linux.Listing;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at names and directories, compares them with the index, and numbers what changed. The one
 * place where a primary's index learns of its tree.
 *
 * <p>An entry that lost its last name is an orphan: it may turn up under another name that was not
 * looked at yet, so it is removed only by {@link #removeOrphans}, once everything marked before has
 * been looked at.
 *
 * <p>What cannot be looked at is a problem of its path, and stays in the index as it was: nothing
 * is concluded from it. It is looked at again later.
 *
 * <p>Owned by the tracker's thread; the index is written only inside the transaction that is passed
 * in.
 */
final class Numbering {
  private static final Logger LOG = LoggerFactory.getLogger(Numbering.class);

  /**
   * The directory in which names are looked at.
   *
   * @param below whether directories found in it are to be listed though they are known
   */
  private record Parent(EntryId id, RelPath path, DirFd at, boolean below) {}

  /**
   * A directory that waits to be listed.
   *
   * @param below whether all below it is to be listed, too, or only what is new
   */
  private record Turn(EntryId directory, boolean below) {}

  private final Watcher watcher;
  private final Excludes excludes;
  private final Failures failures;

  /** Directories to list, new ones and those of a scan, in the order in which they were found. */
  private final Deque<Turn> toList = new ArrayDeque<>();

  /**
   * Directories that were not where the index says when their turn came to be listed, or to be
   * looked at themselves: they, or one above them, had moved. Listed once a directory is seen at
   * another place, or again. With whether all below is to be listed, too.
   */
  private final Map<EntryId, Boolean> unlisted = new LinkedHashMap<>();

  /** Directories whose own metadata may have changed because of what happened in them. */
  private final Set<EntryId> touched = new LinkedHashSet<>();

  private final Set<EntryId> orphans = new LinkedHashSet<>();

  /** Files that lost one of several names. */
  private final Set<EntryId> lookAtOtherNames = new LinkedHashSet<>();

  /**
   * Names that a scan did not find: what they meant may still turn up elsewhere in the same scan.
   */
  private final List<NameRow> vanished = new ArrayList<>();

  /**
   * Whether some directory is being compared with all below it. A directory that moves meanwhile,
   * from where its turn would still have come to where all was compared already, is compared when
   * its move is looked at: hence this lasts until {@link #settle}.
   */
  private boolean comparing;

  /** The directories that were compared since this began: one that moves is not compared again. */
  private final LongTable compared = new LongTable();

  /** How many directories that were known already were listed because they are compared. */
  private long listed;

  Numbering(Watcher watcher, Excludes excludes, Problems problems) {
    this.watcher = watcher;
    this.excludes = excludes;
    this.failures = new Failures(problems, System::nanoTime);
  }

  boolean isListing() {
    return !toList.isEmpty();
  }

  /** Whether something that came up with what was looked at is to be looked at, or for, again. */
  boolean isLooking() {
    return !orphans.isEmpty() || !lookAtOtherNames.isEmpty();
  }

  /**
   * What is still to be looked for: what lost its name and is neither known to be gone nor found
   * elsewhere, and directories that are to be listed, or to be looked into, once they are found.
   * Those only while there is nothing that cannot be looked at: they may be there.
   */
  Set<Object> lookedFor() {
    Set<Object> all = new HashSet<>(orphans);
    all.addAll(lookAtOtherNames);
    if (failures.unseen().isNone()) {
      all.addAll(unlisted.keySet());
      all.addAll(vanished);
    }
    return all;
  }

  /** What a transaction found that was undone: its ids will be those of others. */
  void forgetAll() {
    toList.clear();
    unlisted.clear();
    touched.clear();
    orphans.clear();
    lookAtOtherNames.clear();
    vanished.clear();
  }

  /** Whether directories are compared with all below them, and {@link #settle} is to follow. */
  boolean isComparing() {
    return comparing;
  }

  /** How many directories that were known already were listed so far because they are compared. */
  long listed() {
    return listed;
  }

  /** Starts to compare a directory and all below it with the index. */
  void compareFrom(EntryId directory) {
    compared.clear();
    list(directory, true);
  }

  /** Compares one directory, but not those below it that are known. */
  void list(EntryId directory) {
    list(directory, false);
  }

  private void list(EntryId directory, boolean below) {
    comparing |= below;
    toList.add(new Turn(directory, below));
  }

  /** Makes the row of the root where there is none yet; otherwise it is on the same filesystem. */
  void ensureRoot(IndexWriter index, Directories directories) throws IOException {
    Inode known = index.inode(EntryId.ROOT).orElse(null);
    if (known != null) {
      DeviceNumber.follow(index, known, directories.root());
    } else {
      Stat stat = directories.root().stat();
      Position version = index.nextPosition();
      index.put(
          new Inode(
              EntryId.ROOT,
              version,
              version,
              EntryReader.readSelf(directories.root(), stat),
              EntryReader.local(stat, true)));
    }
  }

  /**
   * Looks at one name after an event.
   *
   * @param target what the name meant then, where that is known
   * @param below whether a known directory that is found there is to be compared with all below it
   * @return whether the directory could be looked into; otherwise it has moved or is gone, which a
   *     later mark tells
   */
  boolean look(
      IndexWriter index,
      Directories directories,
      EntryId directory,
      Name name,
      @Nullable FileHandle target,
      boolean below)
      throws IOException {
    boolean found = lookAgain(index, directories, directory, name, target, below || comparing);
    if (found) {
      touched.add(directory);
    }
    return found;
  }

  /** Looks at a name without an event in its directory. */
  private boolean lookAgain(
      IndexWriter index,
      Directories directories,
      EntryId directory,
      Name name,
      @Nullable FileHandle target,
      boolean below)
      throws IOException {
    DirFd at;
    try {
      at = directories.open(index, directory);
    } catch (LinuxException e) {
      cannotLook(index, directory, below, e);
      return true;
    }
    if (at == null && index.inode(directory).isPresent() && index.path(directory).isEmpty()) {
      // It, or one above it, has no name: it is listed if it turns up again, or it goes.
      lookFor(index, directory, false);
      return true;
    }
    if (at == null) {
      return index.inode(directory).isEmpty();
    }
    RelPath path = index.path(directory).orElse(RelPath.ROOT);
    Parent parent = new Parent(directory, path, at, below);
    Stat stat;
    try {
      stat = at.statIfPresent(name);
    } catch (LinuxException e) {
      cannotLook(parent, name, below, e);
      return true;
    }
    NameRow row = index.name(directory, name).orElse(null);
    if (stat != null) {
      seen(index, parent, name, stat, row, true);
    } else {
      if (row != null) {
        removeName(index, row);
      } else {
        gone(parent.id, name, parent.path);
      }
    }
    if (target != null && (row == null || lookAtOtherNames.contains(row.id()))) {
      lookAtTarget(index, at, target);
    }
    return true;
  }

  /**
   * The name was new, or stands for something else now, or nothing: what was written through it
   * while it stood for another file is seen at another name of that one.
   */
  private void lookAtTarget(IndexWriter index, DirFd at, FileHandle target) {
    try {
      Stat stat = at.statIfPresent(target);
      if (stat != null && stat.kind() == FileKind.REGULAR_FILE) {
        index
            .inodeAt(stat.device(), stat.inode())
            .filter(known -> isSameEntry(known, stat))
            .ifPresent(known -> lookAtOtherNames.add(known.id()));
      }
    } catch (LinuxException e) {
      // Without the privilege to open by handles, or beyond a mount: the next scan finds it.
      LOG.debug("what an event was about cannot be looked up: {}", e.getMessage());
    }
  }

  void touch(EntryId directory) {
    touched.add(directory);
  }

  /**
   * Looks at the files that lost a name and have others: what was written through the lost one was
   * told under that name alone.
   *
   * @return the names that could not be looked at yet
   */
  List<NameRow> lookAtOtherNames(IndexWriter index, Directories directories) throws IOException {
    List<EntryId> files = new ArrayList<>(lookAtOtherNames);
    lookAtOtherNames.clear();
    List<NameRow> later = new ArrayList<>();
    for (EntryId id : files) {
      List<NameRow> names = index.namesOf(id);
      // Its directory may have changed by what is not looked at yet: its time is not due now.
      if (names.isEmpty()) {
        continue;
      }
      EntryId directory = names.getFirst().parent();
      Name name = names.getFirst().name();
      if (!lookAgain(index, directories, directory, name, null, comparing)) {
        later.add(names.getFirst());
      }
    }
    return later;
  }

  /** Looks at the directories in which something happened: their times changed with it. */
  void lookAtTouched(IndexWriter index, Directories directories) throws IOException {
    for (EntryId id : touched) {
      try {
        lookAtSelf(index, directories, id);
      } catch (LinuxException e) {
        cannotLook(index, id, false, e);
      }
    }
    touched.clear();
  }

  private void lookAtSelf(IndexWriter index, Directories directories, EntryId id)
      throws IOException {
    Inode known = index.inode(id).orElse(null);
    if (known == null) {
      return;
    }
    DirFd at = directories.open(index, id);
    if (at == null) {
      // One above it has moved on, which does not show in its own times when it is found again.
      lookFor(index, id, false);
      return;
    }
    Stat stat = at.stat();
    Local local = known.local();
    if (local == null || !local.changed().equals(stat.changed())) {
      alter(index, known, EntryReader.readSelf(at, stat), stat, false);
    }
  }

  /**
   * Lists the next directory that waits for it; the watch comes first, so that nothing falls
   * between.
   *
   * @return whether that took its time; not where it was elsewhere, or listed already
   */
  boolean listNext(IndexWriter index, Directories directories) throws IOException {
    Turn turn = toList.poll();
    if (turn == null) {
      return false;
    }
    EntryId id = turn.directory;
    if (turn.below && isCompared(id)) {
      return false;
    }
    boolean below = comparing;
    below |= failures.takeBelow(Place.itself(id));
    below |= Boolean.TRUE.equals(unlisted.remove(id));
    try {
      DirFd at = directories.open(index, id);
      if (at != null) {
        comparing |= below;
        watcher.watch(id, at);
        list(index, new Parent(id, index.path(id).orElse(RelPath.ROOT), at, below));
        touched.add(id);
        listed += turn.below ? 1 : 0;
        if (below) {
          compared.put(id.value(), 1);
        }
        return true;
      } else if (index.inode(id).isPresent()) {
        // One that was compared is listed all the same: because of what happened in it since.
        lookFor(index, id, below && !isCompared(id));
      } else {
        failures.forget(id);
      }
    } catch (LinuxException e) {
      cannotLook(index, id, below, e);
      return true;
    }
    return false;
  }

  private void lookFor(IndexReader index, EntryId id, boolean below) {
    if (isDirectory(index, id)) {
      unlisted.merge(id, below, Boolean::logicalOr);
    }
  }

  private static boolean isDirectory(IndexReader index, EntryId id) {
    return index.inode(id).map(i -> i.entry().kind() == FileKind.DIRECTORY).orElse(false);
  }

  private boolean isCompared(EntryId directory) {
    return compared.get(directory.value()) != LongTable.ABSENT;
  }

  private void list(IndexWriter index, Parent parent) throws IOException {
    EntryId id = parent.id;
    DirFd at = parent.at;
    Map<Name, NameRow> gone = new TreeMap<>();
    Map<Name, Inode> inodes = new TreeMap<>();
    for (Child child : index.children(id)) {
      gone.put(
          child.name(), new NameRow(id, child.name(), child.inode().id(), child.nameVersion()));
      inodes.put(child.name(), child.inode());
    }
    Set<Name> unreadable = new HashSet<>();
    try (Listing listing = at.list()) {
      for (Listed listed = listing.next(); listed != null; listed = listing.next()) {
        Name name = listed.name();
        Stat stat;
        try {
          stat = at.statIfPresent(name);
        } catch (LinuxException e) {
          gone.remove(name);
          unreadable.add(name);
          cannotLook(parent, name, parent.below, e);
          continue;
        }
        if (stat == null) {
          continue;
        }
        NameRow row = gone.remove(name);
        Inode known = inodes.get(name);
        if (row != null && known != null && isUnchanged(known, stat)) {
          if (stat.kind() == FileKind.DIRECTORY && isToList(parent, name)) {
            list(known.id(), true);
          }
          continue;
        }
        if (!seen(index, parent, name, stat, row, false)) {
          unreadable.add(name);
        }
      }
    }
    failures.listed(id, unreadable);
    vanished.addAll(gone.values());
  }

  /**
   * Whether a known directory of that name, now that it is seen, is to be listed with all below.
   */
  private boolean isToList(Parent parent, Name name) {
    return failures.takeBelow(new Place(parent.id, name)) || parent.below;
  }

  private static boolean isUnchanged(Inode known, Stat stat) {
    Local local = known.local();
    return local != null
        && EntryReader.isSame(local, stat)
        && local.changed().equals(stat.changed())
        && local.device() == stat.device()
        && known.entry().kind() == stat.kind();
  }

  /**
   * Once all that was to be listed was, and all was looked at that happened until then: what was
   * not found, and nobody has found elsewhere, is gone.
   */
  void settle(IndexWriter index, Directories directories) throws IOException {
    Set<EntryId> uncompared = comparing ? uncompared(index) : Set.of();
    comparing = false;
    compared.clear();
    uncompared.forEach(id -> lookFor(index, id, true));
    List<NameRow> left = new ArrayList<>(vanished);
    vanished.clear();
    for (NameRow row : left) {
      Optional<NameRow> now = index.name(row.parent(), row.name());
      if (now.isPresent() && now.get().equals(row)) {
        try {
          DirFd at = directories.open(index, row.parent());
          if (at == null) {
            // Its directory left its place: if for good, that is found, and this goes with it.
            vanished.add(row);
          } else if (at.statIfPresent(row.name()) == null || isExcluded(index, row)) {
            removeName(index, row);
          } else if (uncompared.contains(row.id())) {
            list(row.id(), true);
          }
        } catch (LinuxException e) {
          cannotLook(index, row.parent(), false, e);
        }
      }
    }
  }

  /**
   * Known directories that were not there when their turn would have come: neither compared nor
   * watched, they have to be if they come back.
   */
  private Set<EntryId> uncompared(IndexReader index) {
    Set<EntryId> ids = new LinkedHashSet<>(orphans);
    vanished.forEach(row -> ids.add(row.id()));
    ids.removeIf(id -> isCompared(id) || !isDirectory(index, id));
    return ids;
  }

  private boolean isExcluded(IndexWriter index, NameRow row) {
    Optional<RelPath> parent = index.path(row.parent());
    Optional<Inode> inode = index.inode(row.id());
    return parent.isPresent()
        && inode.isPresent()
        && excludes.excludes(parent.get(), row.name(), inode.get().entry().kind());
  }

  /** Answers false where it could not be read. */
  private boolean seen(
      IndexWriter index, Parent parent, Name name, Stat stat, @Nullable NameRow row, boolean event)
      throws IOException {
    if (excludes.excludes(parent.path, name, stat.kind())) {
      if (row != null) {
        removeName(index, row);
      }
      failures.over(new Place(parent.id, name), parent.path.child(name));
      return true;
    }
    boolean below = isToList(parent, name);
    try {
      Inode known = row == null ? null : index.inode(row.id()).orElse(null);
      if (known != null && isSameEntry(known, stat)) {
        if (stat.kind() == FileKind.DIRECTORY) {
          retryUnlisted();
          if (below) {
            list(known.id(), true);
            // Where only its own metadata cannot be read, what is below is not listed again.
            below = false;
          }
        }
        again(index, known, parent.at, name, stat, event);
      } else {
        renamed(index, parent, name, stat, row, below);
      }
      if (failures.mayHaveAny()) {
        failures.over(new Place(parent.id, name), parent.path.child(name));
      }
      return true;
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return true;
      }
      cannotLook(parent, name, below, e);
      return false;
    }
  }

  private static boolean isSameEntry(Inode known, Stat stat) {
    return known.entry().kind() == stat.kind() && EntryReader.isSame(known.local(), stat);
  }

  /** The entry that the index knows under this name, perhaps changed. */
  private void again(IndexWriter index, Inode known, DirFd at, Name name, Stat stat, boolean event)
      throws IOException {
    Local local = known.local();
    if (local != null && local.changed().equals(stat.changed())) {
      boolean mayHideAWrite = event && !local.settled() && stat.kind() == FileKind.REGULAR_FILE;
      if (!mayHideAWrite) {
        if (local.device() != stat.device()) {
          index.putLocal(known.id(), EntryReader.local(stat, local.settled()));
        }
        return;
      }
    }
    alter(index, known, EntryReader.read(at, name, stat), stat, true);
  }

  /** The name means another inode than the index knew: one known elsewhere, or a new one. */
  private void renamed(
      IndexWriter index, Parent parent, Name name, Stat stat, @Nullable NameRow row, boolean below)
      throws IOException {
    Inode moved =
        index
            .inodeAt(stat.device(), stat.inode())
            .filter(candidate -> isSameEntry(candidate, stat))
            .orElse(null);
    Entry entry = EntryReader.read(parent.at, name, stat);
    EntryId id;
    if (moved == null) {
      id = index.nextId();
      Position version = index.nextPosition();
      boolean settled = stat.kind() != FileKind.REGULAR_FILE;
      index.put(new Inode(id, version, version, entry, EntryReader.local(stat, settled)));
    } else {
      id = moved.id();
      Local local = moved.local();
      if (local == null || !local.changed().equals(stat.changed()) || !local.settled()) {
        alter(index, moved, entry, stat, true);
      }
    }
    boolean isDirectory = stat.kind() == FileKind.DIRECTORY;
    if (isDirectory && moved != null) {
      leaveOldPlace(index, id);
    }
    index.putName(new NameRow(parent.id, name, id, index.nextPosition()));
    orphans.remove(id);
    if (row != null && !row.id().equals(id)) {
      noteOrphan(index, row.id());
      lookAtOtherNames.add(row.id());
    }
    if (isDirectory) {
      retryUnlisted();
    }
    if (isDirectory && moved == null) {
      list(id);
    } else if (isDirectory && below) {
      list(id, true);
    }
  }

  private void retryUnlisted() {
    if (!unlisted.isEmpty()) {
      unlisted.forEach(this::list);
      unlisted.clear();
    }
  }

  /** A directory has one name: that it has a new one means that it left the old. */
  private void leaveOldPlace(IndexWriter index, EntryId id) {
    for (NameRow old : index.namesOf(id)) {
      index.removeName(old.parent(), old.name(), index.nextPosition());
      touched.add(old.parent());
    }
    movedDirectories = true;
    failures.moved();
  }

  private boolean movedDirectories;

  /**
   * Whether a directory moved since last asked, so that directories opened by path must be opened
   * again.
   */
  boolean takeMovedDirectories() {
    boolean moved = movedDirectories;
    movedDirectories = false;
    return moved;
  }

  /** Numbers a change of an inode, unless nothing that is mirrored differs. */
  private void alter(
      IndexWriter index, Inode known, Entry found, Stat stat, boolean contentMayDiffer) {
    Entry entry = found;
    boolean settled = true;
    if (found instanceof Entry.RegularFile file && known.entry() instanceof Entry.RegularFile old) {
      entry = file.withContent(file.size(), old.digest(), old.layout());
      settled = !contentMayDiffer;
    }
    Local local = EntryReader.local(stat, settled);
    if (settled && entry.equals(known.entry())) {
      index.putLocal(known.id(), local);
      return;
    }
    index.put(new Inode(known.id(), index.nextPosition(), known.born(), entry, local));
  }

  /** Numbers a file again because its content was found to differ while its stat did not. */
  void contentDiffers(IndexWriter index, EntryId id) {
    index
        .inode(id)
        .ifPresent(
            inode -> {
              Local local = inode.local();
              Local unsettled =
                  local == null
                      ? null
                      : new Local(
                          local.device(),
                          local.inode(),
                          local.born(),
                          local.changed(),
                          false,
                          local.handle());
              index.put(
                  new Inode(id, index.nextPosition(), inode.born(), inode.entry(), unsettled));
            });
  }

  private void removeName(IndexWriter index, NameRow row) {
    if (failures.mayHaveAny()) {
      index.path(row.parent()).ifPresent(parent -> gone(row.parent(), row.name(), parent));
    }
    index.removeName(row.parent(), row.name(), index.nextPosition());
    touched.add(row.parent());
    noteOrphan(index, row.id());
    lookAtOtherNames.add(row.id());
  }

  private void noteOrphan(IndexWriter index, EntryId id) {
    if (index.namesOf(id).isEmpty()) {
      orphans.add(id);
    }
  }

  /**
   * Removes all orphans that {@code wereThere} and have not turned up since, with what is below
   * them.
   */
  void removeOrphans(IndexWriter index, Set<EntryId> wereThere) {
    for (EntryId id : wereThere) {
      if (orphans.remove(id) && index.namesOf(id).isEmpty()) {
        index.inode(id).ifPresent(inode -> removeTree(index, inode));
      }
    }
  }

  /** Notes all entries without a name: an earlier process, or a lost transaction, noted them. */
  void recollectOrphans(IndexWriter index) {
    orphans.addAll(index.nameless());
    orphans.remove(EntryId.ROOT);
  }

  /** In the order in which they were orphaned: what is in a directory before the directory. */
  Set<EntryId> orphans() {
    return new LinkedHashSet<>(orphans);
  }

  private void removeTree(IndexWriter index, Inode top) {
    Deque<Inode> path = new ArrayDeque<>();
    path.push(top);
    Deque<Deque<Child>> left = new ArrayDeque<>();
    left.push(childrenOf(index, top));
    while (!path.isEmpty()) {
      Child child = left.getFirst().poll();
      if (child == null) {
        left.pop();
        Inode done = path.pop();
        index.remove(done.id(), index.nextPosition());
        watcher.forget(done.id());
        touched.remove(done.id());
        unlisted.remove(done.id());
        failures.forget(done.id());
        continue;
      }
      Inode inode = child.inode();
      index.removeName(path.getFirst().id(), child.name(), index.nextPosition());
      if (index.namesOf(inode.id()).isEmpty()) {
        path.push(inode);
        left.push(childrenOf(index, inode));
      } else {
        lookAtOtherNames.add(inode.id());
      }
    }
  }

  private static Deque<Child> childrenOf(IndexWriter index, Inode inode) {
    return inode.entry().kind() == FileKind.DIRECTORY
        ? new ArrayDeque<>(index.children(inode.id()))
        : new ArrayDeque<>();
  }

  // ---- what cannot be looked at

  /** What could not be looked at, and was not since. */
  Unseen unseen() {
    return failures.unseen();
  }

  /** Whether something that could not be looked at is to be looked at again now. */
  boolean isRetryDue() {
    return failures.isDue();
  }

  /** Looks again at what could not be looked at, where its turn has come. */
  void retryFailed(IndexWriter index, Directories directories) throws IOException {
    for (Failures.Due due : failures.takeDue()) {
      EntryId directory = due.place().directory();
      Name name = due.place().name();
      if (name == null && due.below()) {
        compareFrom(directory);
      } else if (name == null) {
        list(directory);
      } else {
        lookAgain(index, directories, directory, name, null, comparing);
      }
    }
  }

  /** All that was to be listed was. */
  void settleRetries() {
    failures.settle(unlisted.isEmpty());
  }

  /** Once all was looked at that one piece of work is about. */
  void showMovedFailures(IndexReader index) {
    failures.showMoved(index);
  }

  private void gone(EntryId directory, Name name, RelPath path) {
    if (failures.mayHaveAny()) {
      failures.gone(new Place(directory, name), path.child(name));
    }
  }

  /**
   * @param below whether what is below it is to be listed once it can be looked at
   */
  private void cannotLook(Parent parent, Name name, boolean below, LinuxException e) {
    failures.add(new Place(parent.id, name), parent.path.child(name), below, e);
  }

  private void cannotLook(IndexReader index, EntryId directory, boolean below, LinuxException e) {
    RelPath path = index.path(directory).orElse(RelPath.ROOT);
    failures.add(Place.itself(directory), path, below, e);
  }
}

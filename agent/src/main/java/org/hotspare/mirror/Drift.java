package org.hotspare.mirror;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.hotspare.delta.Signature;
import org.hotspare.index.Child;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.IndexReader;
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
import org.hotspare.watch.Excludes;
import org.hotspare.watch.Mark;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.watch.Problems;
import org.hotspare.watch.ProcessorLimit;
import org.hotspare.watch.Watcher;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds what somebody else than the agent did to a standby's tree, keeps it aside, and tells which
 * entries the primary has to send anew. Owned by the applying thread, so that what the agent itself
 * is putting in place is never taken for drift.
 */
final class Drift {
  private static final Logger LOG = LoggerFactory.getLogger(Drift.class);
  private static final int DIRECTORIES_PER_TRANSACTION = 256;

  private final MirrorRoot root;
  private final Index index;
  private final Watcher watcher;
  private final Excludes excludes;
  private final Problems problems;
  private final ProcessorLimit processors;

  private final Set<EntryId> wanted = new LinkedHashSet<>();
  private Set<EntryId> inFlight = Set.of();

  /** Whether the tree may be ahead of the index, by what a batch did that was lost. */
  private boolean recovering;

  /** What was found and could not be mended. */
  private final Set<Mark> unmended = new LinkedHashSet<>();

  Drift(
      MirrorRoot root,
      Index index,
      Watcher watcher,
      Excludes excludes,
      Problems problems,
      ProcessorLimit processors) {
    this.processors = processors;
    this.root = root;
    this.index = index;
    this.watcher = watcher;
    this.excludes = excludes;
    this.problems = problems;
  }

  /**
   * Compares the whole tree with the index, and removes what was being staged when the node
   * stopped: only while nothing is. Answers what is to be sent anew.
   *
   * @param died whether the process may have died while it put something in place
   */
  Set<EntryId> scan(boolean died) throws IOException {
    try (Workplace work = Workplace.enter(root)) {
      index.update(Durability.FAST, w -> recover(w, work, died));
      for (Name leftover : Kept.names(work.staging())) {
        Kept.removeAll(work.staging(), leftover);
      }
    }
    return compare();
  }

  private Set<EntryId> compare() throws IOException {
    wanted.clear();
    long startedNanos = System.nanoTime();
    try (Workplace work = Workplace.enter(root)) {
      Deque<EntryId> left = new ArrayDeque<>(List.of(EntryId.ROOT));
      while (!left.isEmpty()) {
        index.update(Durability.FAST, w -> some(w, work, left));
        processors.pause();
      }
      index.update(Durability.FAST, w -> w.putFact("in-flight", null));
    }
    inFlight = Set.of();
    recovering = false;
    LOG.info(
        "mirror {}: the copy was compared in {} ms, {} entries differ",
        root.mirror(),
        (System.nanoTime() - startedNanos) / 1_000_000,
        wanted.size());
    return new LinkedHashSet<>(wanted);
  }

  private void recover(IndexWriter w, Workplace work, boolean died) {
    inFlight = Guard.inFlight(w);
    recovering = died || hasInFlight();
    if (recovering) {
      try {
        new Rollback(w, work, hasInFlight()).run();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  private void some(IndexWriter w, Workplace work, Deque<EntryId> left) {
    try (Places places = new Places(work)) {
      for (int i = 0; i < DIRECTORIES_PER_TRANSACTION && !left.isEmpty(); i++) {
        directory(w, work, places, left.poll(), left);
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** What was found and could not be mended: it is to be looked at again. */
  Set<Mark> unmended() {
    return unmended;
  }

  /** Looks where marks point. Answers what is to be sent anew. */
  Set<EntryId> look(List<Mark> marks) throws IOException {
    wanted.clear();
    for (Mark mark : marks) {
      if (mark instanceof Mark.Everything || mark instanceof Mark.Subtree) {
        return compare();
      }
    }
    try (Workplace work = Workplace.enter(root)) {
      Deque<EntryId> back = new ArrayDeque<>();
      index.update(Durability.FAST, w -> marks(w, work, marks, back));
      while (!back.isEmpty()) {
        index.update(Durability.FAST, w -> some(w, work, back));
      }
    }
    return new LinkedHashSet<>(wanted);
  }

  /**
   * @param back gets the directories that may have been elsewhere: what the primary changed in them
   *     meanwhile was not made there
   */
  private void marks(IndexWriter w, Workplace work, List<Mark> marks, Deque<EntryId> back) {
    try (Places places = new Places(work)) {
      for (Mark mark : marks) {
        switch (mark) {
          case Mark.Entry(var directory, var name, _) ->
              name(w, work, places, directory, name, back);
          case Mark.Moved(var from, var fromName, var to, var toName) -> {
            name(w, work, places, to, toName, back);
            name(w, work, places, from, fromName, back);
          }
          case Mark.Self(var directory) -> self(w, places, directory);
          case Mark.Listing(var directory) ->
              directory(w, work, places, directory, new ArrayDeque<>());
          case Mark.Subtree subtree -> throw new IllegalStateException("handled by a scan");
          case Mark.Everything all -> throw new IllegalStateException("handled by a scan");
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void name(
      IndexWriter w, Workplace work, Places places, EntryId parent, Name name, Deque<EntryId> back)
      throws IOException {
    DirFd at = w.inode(parent).isPresent() ? places.directory(w, parent) : null;
    if (at == null) {
      return;
    }
    NameRow row = w.name(parent, name).orElse(null);
    Inode inode = row == null ? null : w.inode(row.id()).orElse(null);
    Stat stat = at.statIfPresent(name);
    if (stat != null) {
      found(w, work, places, at, parent, name, inode, stat, back);
    } else if (inode != null) {
      missing(w, work, places, at, parent, name, inode);
    }
    self(w, places, parent);
  }

  private void self(IndexWriter w, Places places, EntryId id) throws IOException {
    Inode inode = w.inode(id).orElse(null);
    DirFd at = inode == null ? null : places.directory(w, id);
    if (inode == null || at == null) {
      return;
    }
    Stat stat = at.stat();
    Local local = inode.local();
    if (local == null || !local.changed().equals(stat.changed())) {
      FileMetadata.setSelf(at, inode.entry().metadata());
      w.putLocal(id, EntryReader.local(at.stat(), true));
    }
  }

  private void directory(
      IndexWriter w, Workplace work, Places places, EntryId id, Deque<EntryId> below)
      throws IOException {
    DirFd at = w.inode(id).isPresent() ? places.directory(w, id) : null;
    if (at == null) {
      return;
    }
    watcher.watch(id, at);
    Map<Name, Child> children = new TreeMap<>();
    for (Child child : w.children(id)) {
      children.put(child.name(), child);
    }
    for (Name name : Kept.names(at)) {
      Stat stat = at.statIfPresent(name);
      if (stat != null) {
        Child child = children.remove(name);
        found(w, work, places, at, id, name, child == null ? null : child.inode(), stat, below);
      }
    }
    for (Child child : children.values()) {
      missing(w, work, places, at, id, child.name(), child.inode());
    }
    self(w, places, id);
  }

  private void found(
      IndexWriter w,
      Workplace work,
      Places places,
      DirFd at,
      EntryId parent,
      Name name,
      @Nullable Inode inode,
      Stat stat,
      Deque<EntryId> below)
      throws IOException {
    RelPath path = w.path(parent).orElse(RelPath.ROOT).child(name);
    try {
      compare(w, work, places, at, parent, name, path, inode, stat, below);
    } catch (LinuxException e) {
      cannotBeMended(parent, name, path, e);
    }
  }

  /** What nobody may change, as an immutable file, is that file's problem. */
  private void cannotBeMended(EntryId parent, Name name, RelPath path, LinuxException e)
      throws LinuxException {
    if (!e.is(Errno.EPERM, Errno.EACCES, Errno.EBUSY)) {
      throw e;
    }
    unmended.add(new Mark.Entry(parent, name));
    problems.add(path, "was changed on this standby and cannot be mended: " + e.errno().text());
  }

  private void compare(
      IndexWriter w,
      Workplace work,
      Places places,
      DirFd at,
      EntryId parent,
      Name name,
      RelPath path,
      @Nullable Inode inode,
      Stat stat,
      Deque<EntryId> below)
      throws IOException {
    if (inode == null) {
      extra(w, work, at, parent, name, path, stat);
    } else if (!EntryReader.isSame(inode.local(), stat) || inode.entry().kind() != stat.kind()) {
      if (!relinkOver(w, work, places, at, parent, name, inode, stat)) {
        differs(w, work, at, parent, name, path, inode, stat);
      }
    } else {
      if (stat.kind() == FileKind.DIRECTORY) {
        below.add(inode.id());
      }
      Local local = inode.local();
      if (local == null || !local.changed().equals(stat.changed())) {
        touched(w, work, at, parent, name, path, inode, stat);
      }
    }
  }

  /** Somebody changed a file of ours, or only its metadata. */
  private void touched(
      IndexWriter w,
      Workplace work,
      DirFd at,
      EntryId parent,
      Name name,
      RelPath path,
      Inode inode,
      Stat stat)
      throws IOException {
    if (inode.entry() instanceof Entry.RegularFile file) {
      Signature found = Contents.signatureIfSame(at, name, inode.local());
      if (found == null) {
        // It was swapped since it was looked at, which the next event tells.
        return;
      }
      if (!found.root().equals(file.digest())) {
        differs(w, work, at, parent, name, path, inode, stat);
        return;
      }
    }
    if (stat.kind() != FileKind.DIRECTORY
        && FileMetadata.setIfSame(at, name, inode.local(), inode.entry()).isPresent()) {
      Stat now = at.statIfPresent(name);
      if (now != null && EntryReader.isSame(inode.local(), now)) {
        w.putLocal(inode.id(), EntryReader.local(now, true));
      }
    }
  }

  /** A name of ours is not there. */
  private void missing(
      IndexWriter w,
      Workplace work,
      Places places,
      DirFd at,
      EntryId parent,
      Name name,
      Inode inode)
      throws IOException {
    try {
      if (relink(w, work, places, at, parent, name, inode)) {
        return;
      }
    } catch (LinuxException e) {
      cannotBeMended(parent, name, w.path(parent).orElse(RelPath.ROOT).child(name), e);
    }
    lost(w, inode.id());
  }

  /** After a crash: a file of several names lost this one to something else. */
  private boolean relinkOver(
      IndexWriter w,
      Workplace work,
      Places places,
      DirFd at,
      EntryId parent,
      Name name,
      Inode inode,
      Stat stat)
      throws IOException {
    boolean possible =
        recovering
            && stat.kind() != FileKind.DIRECTORY
            && inode.entry().kind() != FileKind.DIRECTORY
            && otherPlace(w, places, parent, name, inode) != null;
    if (possible) {
      Kept.link(w, work, reason(), at, name, Origin.of(w, parent, name), null);
    }
    return possible && relink(w, work, places, at, parent, name, inode);
  }

  /** Gives a file a name again from another that it has. */
  private static boolean relink(
      IndexWriter w,
      Workplace work,
      Places places,
      DirFd at,
      EntryId parent,
      Name name,
      Inode inode)
      throws IOException {
    Places.Place other = otherPlace(w, places, parent, name, inode);
    if (other == null) {
      return false;
    }
    Name extra = Name.of(Workplace.nameOf(inode.id()) + ".again");
    Kept.removeAll(work.staging(), extra);
    Stat before = other.directory().stat(other.name());
    other.directory().link(other.name(), work.staging(), extra);
    work.staging().rename(extra, at, name);
    Local local = inode.local();
    if (local != null && local.changed().equals(before.changed())) {
      // Linking changed the file's time, and nobody else did.
      w.putLocal(inode.id(), EntryReader.local(at.stat(name), local.settled()));
    }
    return true;
  }

  private static Places.@Nullable Place otherPlace(
      IndexWriter w, Places places, EntryId parent, Name name, Inode inode) throws IOException {
    if (inode.entry().kind() == FileKind.DIRECTORY) {
      return null;
    }
    for (NameRow row : w.namesOf(inode.id())) {
      boolean same = row.parent().equals(parent) && row.name().equals(name);
      DirFd directory = same ? null : places.directory(w, row.parent());
      Stat stat = directory == null ? null : directory.statIfPresent(row.name());
      if (directory != null && stat != null && EntryReader.isSame(inode.local(), stat)) {
        return new Places.Place(directory, row.name());
      }
    }
    return null;
  }

  private KeptRecord.Reason reason() {
    return hasInFlight() ? KeptRecord.Reason.REPLACED : KeptRecord.Reason.FOREIGN;
  }

  /** Something else has the name of one of our entries. */
  private void differs(
      IndexWriter w,
      Workplace work,
      DirFd at,
      EntryId parent,
      Name name,
      RelPath path,
      Inode inode,
      Stat stat)
      throws IOException {
    boolean files = stat.kind() != FileKind.DIRECTORY && inode.entry().kind() != FileKind.DIRECTORY;
    boolean elsewhere =
        w.inodeAt(stat.device(), stat.inode())
            .filter(other -> EntryReader.isSame(other.local(), stat))
            .filter(other -> !other.id().equals(inode.id()))
            .isPresent();
    if (recovering && files && elsewhere) {
      // A further link to one of our own files, left by the batch that was lost.
      at.unlink(name);
    } else if (recovering && files) {
      // Most likely the version that was being put in place: it stays until it comes again.
      Kept.link(w, work, reason(), at, name, Origin.of(w, parent, name), null);
      Local local = EntryReader.local(stat, false);
      w.putLocal(
          inode.id(),
          new Local(local.device(), local.inode(), local.born(), Timestamp.EPOCH, false, null));
    } else {
      keep(w, work, at, parent, name, path, inode.id());
    }
    lost(w, inode.id());
  }

  private void extra(
      IndexWriter w, Workplace work, DirFd at, EntryId parent, Name name, RelPath path, Stat stat)
      throws IOException {
    RelPath above = path.parent().orElse(RelPath.ROOT);
    if (excludes.excludes(above, name, stat.kind())) {
      return;
    }
    boolean holdsExcluded =
        stat.kind() == FileKind.DIRECTORY && Contents.holdsExcluded(at, name, path, excludes);
    if (!holdsExcluded) {
      keep(w, work, at, parent, name, path, null);
    }
  }

  private void keep(
      IndexWriter w,
      Workplace work,
      DirFd at,
      EntryId parent,
      Name name,
      RelPath path,
      @Nullable EntryId id)
      throws IOException {
    Stat stat = at.stat(name);
    boolean further =
        stat.kind() != FileKind.DIRECTORY
            && stat.links() > 1
            && w.inodeAt(stat.device(), stat.inode())
                .filter(known -> EntryReader.isSame(known.local(), stat))
                .isPresent();
    if (further) {
      // Somebody's further link to one of our own files, which keeps its content.
      at.unlink(name);
      problems.add(path, "was linked on this standby; the link is removed");
      return;
    }
    boolean ours =
        inFlight.contains(parent) || (id != null && inFlight.contains(id)) || hasInFlight();
    KeptRecord.Reason reason = ours ? KeptRecord.Reason.REPLACED : KeptRecord.Reason.FOREIGN;
    Kept.take(w, work, reason, at, name, Origin.of(w, parent, name), null);
    if (!ours) {
      problems.add(path, "was changed on this standby; its local version is kept");
    }
  }

  /**
   * After a crash within a batch, what nobody knows may be what that batch was putting in place.
   */
  private boolean hasInFlight() {
    return !inFlight.isEmpty();
  }

  /** What the index knows is not in the tree: it and all below have to come again. */
  private void lost(IndexReader w, EntryId id) {
    List<EntryId> left = new ArrayList<>(List.of(id));
    while (!left.isEmpty()) {
      EntryId next = left.removeLast();
      if (wanted.add(next)) {
        w.children(next).forEach(child -> left.add(child.inode().id()));
      }
    }
  }
}

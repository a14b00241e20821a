package org.hotspare.mirror;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hotspare.index.IndexReader;
import org.hotspare.index.Inode;
import org.hotspare.index.NameRow;
import org.hotspare.tree.Change;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Position;

/**
 * Puts the rows of one cut in an order in which a standby can apply them: as they were numbered,
 * except that an entry that the standby cannot know yet comes, with the directories above it,
 * before the first row that names it.
 */
final class CutOrder {
  private static final int REACHED_EVERY = 1024;
  private static final int REMEMBERED = 1024;

  private final IndexReader snapshot;
  private final Position from;
  private final Position to;
  private final Sink sink;

  /** Entries that were sent before their turn. */
  private final Set<EntryId> ahead = new HashSet<>();

  /** When the entries named lately appeared and changed: most names are near each other's. */
  private final Map<EntryId, Age> ages =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<EntryId, Age> eldest) {
          return size() > REMEMBERED;
        }
      };

  private Position current;
  private int sinceReached;

  private record Age(Position born, Position version) {
    /** Of an entry that is not in the snapshot: as if it had always been there. */
    static final Age NONE = new Age(Position.NONE, Position.NONE);

    static Age of(Inode inode) {
      return new Age(inode.born(), inode.version());
    }
  }

  /** Where the rows go. */
  interface Sink {
    /**
     * @param unknown whether the standby cannot have the entry yet, or asked for it anew
     */
    void inode(Inode inode, boolean unknown);

    void other(Change change);

    /** All rows up to here were handed over. */
    void reached(Position through);
  }

  CutOrder(IndexReader snapshot, Position from, Position to, Sink sink) {
    this.snapshot = snapshot;
    this.from = from;
    this.to = to;
    this.sink = sink;
    this.current = from;
  }

  void changes() {
    snapshot.changes(from, to, this::take);
  }

  private void take(Change change) {
    current = change.version();
    switch (change) {
      case Change.InodeSet set -> {
        if (!ahead.contains(set.id())) {
          snapshot.inode(set.id()).ifPresent(this::inode);
        }
      }
      case Change.NameSet set -> {
        ensure(set.parent());
        ensure(set.id());
        contentFirst(set.id());
        sink.other(set);
      }
      case Change.InodeGone gone -> sink.other(gone);
      case Change.NameGone gone -> sink.other(gone);
    }
    if (++sinceReached >= REACHED_EVERY) {
      sinceReached = 0;
      sink.reached(current);
    }
  }

  private void inode(Inode inode) {
    ages.put(inode.id(), Age.of(inode));
    sink.inode(inode, isNew(inode));
  }

  /**
   * A file that was written and then renamed: nobody may find its earlier content under the new
   * name, also where the file was numbered once more since.
   */
  private void contentFirst(EntryId id) {
    Inode inode = snapshot.inode(id).orElse(null);
    boolean later =
        inode != null
            && inode.entry() instanceof Entry.RegularFile
            && inode.version().isAfter(current)
            && ahead.add(id);
    if (inode != null && later) {
      inode(inode);
    }
  }

  private boolean isNew(Inode inode) {
    return inode.born().isAfter(from);
  }

  /** Sends an entry and what lies above it, as far as the standby cannot know them. */
  private void ensure(EntryId id) {
    Deque<EntryId> missing = new ArrayDeque<>();
    EntryId at = id;
    while (isMissing(at)) {
      missing.push(at);
      ahead.add(at);
      List<NameRow> names = snapshot.namesOf(at);
      if (names.isEmpty()) {
        break;
      }
      at = names.getFirst().parent();
    }
    for (EntryId next : missing) {
      send(next, true, next.equals(id) ? List.of() : snapshot.namesOf(next));
    }
  }

  private boolean isMissing(EntryId id) {
    if (ahead.contains(id)) {
      return false;
    }
    Age age = age(id);
    return age.born().isAfter(from) && age.version().isAfter(current);
  }

  private Age age(EntryId id) {
    Age known = ages.get(id);
    if (known == null) {
      known = snapshot.inode(id).map(Age::of).orElse(Age.NONE);
      ages.put(id, known);
    }
    return known;
  }

  private void send(EntryId id, boolean unknown, List<NameRow> names) {
    snapshot.inode(id).ifPresent(inode -> sink.inode(inode, unknown));
    for (NameRow name : names) {
      sink.other(new Change.NameSet(name.parent(), name.name(), name.id(), name.version()));
    }
  }

  /**
   * Sends entries that the standby asked for, those above first; of one that is gone, that it is.
   */
  void wanted(Collection<EntryId> ids) {
    Set<EntryId> left = new HashSet<>(ids);
    for (EntryId id : ids) {
      Deque<EntryId> path = new ArrayDeque<>();
      EntryId at = id;
      while (left.remove(at)) {
        path.push(at);
        List<NameRow> names = snapshot.namesOf(at);
        if (names.isEmpty()) {
          break;
        }
        at = names.getFirst().parent();
      }
      for (EntryId next : path) {
        if (snapshot.inode(next).isPresent()) {
          send(next, true, snapshot.namesOf(next));
        } else {
          sink.other(new Change.InodeGone(next, to));
        }
      }
    }
  }

  /** Sends every live row, as an inventory does: directories before what is in them. */
  void everything() {
    Deque<EntryId> directories = new ArrayDeque<>();
    snapshot.inode(EntryId.ROOT).ifPresent(root -> sink.inode(root, true));
    directories.add(EntryId.ROOT);
    Set<EntryId> linked = new HashSet<>();
    for (EntryId at = directories.poll(); at != null; at = directories.poll()) {
      EntryId parent = at;
      for (var child : snapshot.children(parent)) {
        Inode inode = child.inode();
        boolean first = snapshot.namesOf(inode.id()).size() == 1 || linked.add(inode.id());
        if (first) {
          sink.inode(inode, true);
        }
        sink.other(new Change.NameSet(parent, child.name(), inode.id(), child.nameVersion()));
        if (inode.entry() instanceof Entry.Directory) {
          directories.add(inode.id());
        }
      }
    }
  }
}

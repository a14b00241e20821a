package org.hotspare.mirror;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.NameRow;
import org.hotspare.linux.DirFd;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.tree.Timestamp;
import org.hotspare.watch.Excludes;
import org.hotspare.watch.Problems;
import org.jspecify.annotations.Nullable;

/**
 * How entries leave a standby's tree: into the work directory, from where they can be brought back
 * for a while. Owned by the applying thread.
 */
final class Removals {
  /** Why a directory stays with what could not be removed. */
  static final String HOLDS_UNDELETED =
      "cannot be removed on this standby: it holds what cannot be removed";

  private static final String LIMBO = "limbo";
  private static final int DEEPEST = 4096;
  private static final long MOVES_WITHIN_BATCHES = 4;
  private static final long MOVES_WITHIN_NANOS = 200_000_000;

  private final OwnFiles own;
  private final Problems problems;

  private long batches;

  /** When files got a further name, for a moment. */
  private final Map<EntryId, Linked> linked = new HashMap<>();

  private record Linked(long batch, long nanos) {
    boolean isOver(long batches, long nowNanos) {
      return batches - batch > MOVES_WITHIN_BATCHES || nowNanos - nanos > MOVES_WITHIN_NANOS;
    }
  }

  /** Of directories that this batch gave another time. */
  private final Map<EntryId, Timestamp> timesBefore = new HashMap<>();

  /** Nothing is kept of what a first copy replaces: it replaces only its own earlier attempts. */
  private boolean keeping = true;

  Removals(Excludes excludes, Problems problems) {
    this.own = new OwnFiles(excludes);
    this.problems = problems;
  }

  /** What of the tree is this node's own. */
  OwnFiles own() {
    return own;
  }

  void setKeeping(boolean keep) {
    keeping = keep;
  }

  /** Whether what is replaced is kept. */
  boolean keeps() {
    return keeping;
  }

  /** Rows of another batch follow. */
  void beginBatch() {
    timesBefore.clear();
    batches++;
    long now = System.nanoTime();
    linked.values().removeIf(at -> at.isOver(batches, now));
  }

  /** A file got a further name. */
  void linked(EntryId id) {
    linked.put(id, new Linked(batches, System.nanoTime()));
  }

  /**
   * Whether a file that loses one of its names got another a moment ago: then it moved, and nothing
   * was deleted. The two halves of a move may come in different cuts.
   */
  boolean isMoving(EntryId id) {
    return linked.containsKey(id);
  }

  /** A directory in which names go in this batch gets another time: remembers the one it had. */
  void noteTime(IndexReader index, EntryId directory) {
    timesBefore.computeIfAbsent(directory, id -> Origin.modified(index, id));
  }

  private Origin origin(IndexReader index, NameRow row) {
    Timestamp before = timesBefore.get(row.parent());
    return before == null ? Origin.of(index, row) : new Origin(row.parent(), row.name(), before);
  }

  // ---- what leaves

  /** Takes the last name of an entry out, and the entry with it. */
  void take(IndexWriter index, Workplace work, DirFd directory, NameRow row, Inode inode)
      throws IOException {
    Origin origin = origin(index, row);
    Kept.take(index, work, KeptRecord.Reason.DELETED, directory, row.name(), origin, inode);
  }

  /**
   * Takes an entry out that lost its name before: its record tells the name that it had. Files of
   * this node's own that lie in it stay in the tree.
   */
  void takeFromLimbo(IndexWriter index, Workplace work, Places places, Inode inode)
      throws IOException {
    Name waiting = Workplace.nameOf(inode.id());
    Origin old = origin(index, inode.id());
    Origin origin = old == null ? Origin.of(index, EntryId.ROOT, waiting) : old;
    RelPath path = path(index, origin.parent()).child(origin.name());
    boolean holdsOwn = own.areIn(work.limbo(), waiting, path);
    forgetLimbo(index, inode.id());
    if (holdsOwn && old != null && staysInTree(index, work, places, inode, origin)) {
      return;
    }
    boolean replaced = index.name(origin.parent(), origin.name()).isPresent();
    KeptRecord.Reason reason = replaced ? KeptRecord.Reason.REPLACED : KeptRecord.Reason.DELETED;
    if (holdsOwn && own.areIn(work.limbo(), waiting, path)) {
      // They have no place in the tree any more, and nobody else has them.
      reason = KeptRecord.Reason.FOREIGN;
      problems.add(path, "was deleted on the primary, with excluded files in it, which are kept");
    } else if (Holding.isOn(index)) {
      // Nobody has said yet that it may go.
      reason = KeptRecord.Reason.HELD;
    }
    Kept.take(index, work, reason, work.limbo(), waiting, origin, inode);
  }

  /** What has the place of a directory takes what is this node's own; else it stays itself. */
  private boolean staysInTree(
      IndexWriter index, Workplace work, Places places, Inode inode, Origin origin)
      throws IOException {
    DirFd directory = places.directory(index, origin.parent());
    if (directory == null) {
      return false;
    }
    Name waiting = Workplace.nameOf(inode.id());
    RelPath path = path(index, origin.parent()).child(origin.name());
    if (directory.statIfPresent(origin.name()) == null) {
      Timestamp modified = directory.stat().modified();
      work.limbo().renameNoReplace(waiting, directory, origin.name());
      directory.setModified(modified);
      stays(path);
      return true;
    }
    Places.Place from = new Places.Place(work.limbo(), waiting);
    var _ = own.move(from, new Places.Place(directory, origin.name()), path);
    return false;
  }

  /** The place that an entry had before it came to limbo; null where none is known. */
  static @Nullable Origin origin(IndexReader index, EntryId id) {
    return index.note(LIMBO, id.toBytes()).map(note -> Origin.decode(note.value())).orElse(null);
  }

  /** The places that entries had before they came to limbo. */
  static Map<EntryId, Origin> origins(IndexReader index) {
    Map<EntryId, Origin> origins = new LinkedHashMap<>();
    for (IndexReader.Note note : index.notes(LIMBO)) {
      EntryId id = EntryId.of(note.key());
      origins.put(id, Origin.decode(note.value()));
    }
    return origins;
  }

  /** An entry left limbo. */
  static void forgetLimbo(IndexWriter index, EntryId id) {
    index.putNote(LIMBO, id.toBytes(), null);
  }

  /** Remembers where an entry had been that waits in limbo now. */
  void noteLimbo(IndexWriter index, NameRow row) {
    index.putNote(LIMBO, row.id().toBytes(), origin(index, row).encode());
  }

  /** The same, for another place than the one that the entry left. */
  static void noteLimbo(IndexWriter index, EntryId id, Origin origin) {
    index.putNote(LIMBO, id.toBytes(), origin.encode());
  }

  /** The directories that entries had been in have others in their places now. */
  static void moveOrigins(IndexWriter index, UnaryOperator<EntryId> successor) {
    origins(index)
        .forEach(
            (id, origin) -> {
              EntryId parent = successor.apply(origin.parent());
              if (!parent.equals(origin.parent())) {
                noteLimbo(index, id, new Origin(parent, origin.name(), origin.parentModified()));
              }
            });
  }

  void unlinked(IndexWriter index, NameRow row, Inode inode) {
    if (keeping && !isMoving(inode.id())) {
      Kept.unlinked(index, origin(index, row), inode);
    }
  }

  /** Keeps a file that a rename over its name will replace. */
  void keepBeforeReplacing(
      IndexWriter index, Workplace work, DirFd directory, NameRow row, Inode inode)
      throws IOException {
    if (keeping) {
      Origin origin = origin(index, row);
      Kept.link(index, work, KeptRecord.Reason.REPLACED, directory, row.name(), origin, inode);
    }
  }

  /** A file waited in limbo, and its next version has come. */
  void keepReplacedInLimbo(IndexWriter index, Workplace work, Name waiting) throws IOException {
    if (!keeping) {
      Kept.removeAll(work.limbo(), waiting);
    } else if (work.limbo().statIfPresent(waiting) != null) {
      Origin origin = Origin.of(index, EntryId.ROOT, waiting);
      Kept.take(index, work, KeptRecord.Reason.REPLACED, work.limbo(), waiting, origin, null);
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
    RelPath path = path(index, row.parent()).child(row.name());
    boolean stays = own.areIn(directory, row.name(), path);
    if (stays) {
      stays(path);
    }
    return stays;
  }

  private void stays(RelPath path) {
    problems.add(path, "was deleted on the primary, but stays: it holds excluded files");
  }

  /** Where an entry is in the tree; of what waits in limbo, or lies below that: where it was. */
  static RelPath path(IndexReader index, EntryId id) {
    Deque<Name> names = new ArrayDeque<>();
    EntryId at = id;
    while (!at.equals(EntryId.ROOT) && names.size() < DEEPEST) {
      NameRow row = index.namesOf(at).stream().findFirst().orElse(null);
      Origin origin = row == null ? origin(index, at) : Origin.of(index, row);
      if (origin == null) {
        break;
      }
      names.push(origin.name());
      at = origin.parent();
    }
    return RelPath.of(List.copyOf(names));
  }
}

package org.hotspare.index;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;

/**
 * A consistent view of the index. Only live rows appear in the look-ups; tombstones appear in
 * {@link #changes}. Methods throw {@link IndexException} where the database fails.
 */
public interface IndexReader {
  /** The position of the youngest change in this view. */
  Position head();

  Lineage lineage();

  /**
   * Tombstones up to here were dropped: {@link #changes} from an earlier position lacks what was
   * deleted.
   */
  Position forgotten();

  Optional<Inode> inode(EntryId id);

  /** The live inode that lies at this place on this node. */
  Optional<Inode> inodeAt(long device, long inode);

  Optional<NameRow> name(EntryId parent, Name name);

  /** All names of an inode, in no particular order; a directory has at most one. */
  List<NameRow> namesOf(EntryId id);

  /** What is in a directory, in the order of the names' bytes, in one query. */
  List<Child> children(EntryId directory);

  boolean hasChildren(EntryId directory);

  /**
   * A path of the inode, through any of its names; nothing where it, or a directory above it, has
   * none.
   */
  Optional<RelPath> path(EntryId id);

  /** What a path means. */
  Optional<EntryId> resolve(RelPath path);

  /**
   * Hands over every row, tombstones included, whose version is after {@code after} and at most
   * {@code upTo}, in the order of versions, without holding them all in memory.
   */
  void changes(Position after, Position upTo, Consumer<Change> consumer);

  /** How many rows {@link #changes} would hand over. */
  long countChanges(Position after, Position upTo);

  /**
   * Entries that have no name, in the order of ids: the root, and those that lost their last one.
   */
  List<EntryId> nameless();

  /** Hands over all live inode rows in the order of ids. */
  void inodes(Consumer<Inode> consumer);

  /** The serialised signature of the version of a file last sent or applied. */
  Optional<Bytes> signature(EntryId id);

  /** Live entries and their bytes; kept up to date, so that asking costs nothing. */
  Counts counts();

  /** A small named value, for what the node must remember beside the rows. */
  Optional<Bytes> fact(String key);

  /** All rows of a small named table of values, by key. */
  List<Note> notes(String table);

  long countNotes(String table);

  /** Those whose keys begin with some bytes, by key. */
  List<Note> notes(String table, Bytes prefix);

  /** The first ones whose keys are greater, by key. */
  List<Note> notesAfter(String table, Bytes key, int most);

  Optional<Note> note(String table, Bytes key);

  /**
   * A row of a small table that other packages keep in the index: what is held, kept, in flight, in
   * limbo.
   */
  record Note(Bytes key, Bytes value) {}
}

package org.hotspare.tree;

/**
 * One row of the index that changed, as it stands at {@code version}: of an inode or of a name. The
 * change of a row replaces all earlier ones of the same row.
 */
public sealed interface Change {
  Position version();

  /** An inode is new, or its content or metadata changed. */
  record InodeSet(EntryId id, Position version, Entry entry) implements Change {}

  /** An inode has lost its last name and is gone. */
  record InodeGone(EntryId id, Position version) implements Change {}

  /** A name in a directory now means {@code id}. */
  record NameSet(EntryId parent, Name name, EntryId id, Position version) implements Change {}

  /** A name in a directory means nothing any more. */
  record NameGone(EntryId parent, Name name, Position version) implements Change {}
}

package org.hotspare.index;

import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;

/**
 * One inode row.
 *
 * @param version where the row last changed in the order of changes
 * @param born where the id was first given: a standby at a position from there on knows the id
 * @param local null where this node has no file for it yet
 */
public record Inode(
    EntryId id, Position version, Position born, Entry entry, @Nullable Local local) {}

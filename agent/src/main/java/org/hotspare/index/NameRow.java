package org.hotspare.index;

import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;

/**
 * One name row: in the directory {@code parent}, {@code name} means {@code id} since {@code
 * version}.
 */
public record NameRow(EntryId parent, Name name, EntryId id, Position version) {}

package org.hotspare.index;

import org.hotspare.tree.Name;
import org.hotspare.tree.Position;

/** A name in a directory together with the inode that it means. */
public record Child(Name name, Position nameVersion, Inode inode) {}

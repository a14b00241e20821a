package org.hotspare.linux;

import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/**
 * One name in a directory, as the directory tells it.
 *
 * @param inode the inode number; of the covered inode where a filesystem is mounted on the name
 * @param kind null where the filesystem does not say
 */
public record Listed(Name name, long inode, @Nullable FileKind kind) {}

package org.hotspare.linux;

import org.hotspare.tree.Bytes;

/**
 * A file that a process could be writing to right now.
 *
 * @param pid of the process
 * @param device as {@link Stat#device()}
 * @param inode the inode number
 * @param path as the process's view of it reads from here: for matching not to be relied on, since
 *     a container's differs and a deleted file's ends with {@code (deleted)}
 * @param mapped whether by a shared, writable mapping; else by a descriptor open for writing
 */
public record OpenFile(int pid, long device, long inode, Bytes path, boolean mapped) {}

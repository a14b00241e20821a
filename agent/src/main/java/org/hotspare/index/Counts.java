package org.hotspare.index;

/**
 * How large a mirror is.
 *
 * @param entries inodes of every kind, the root included
 * @param bytes the sizes of all regular files
 */
public record Counts(long entries, long bytes) {}

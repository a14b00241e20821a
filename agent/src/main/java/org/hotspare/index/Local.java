package org.hotspare.index;

import org.hotspare.tree.Bytes;
import org.hotspare.tree.Timestamp;
import org.jspecify.annotations.Nullable;

/**
 * Where and how an inode lies on this node: never sent, and different on every node.
 *
 * @param device the device number as {@code stat} gives it, packed
 * @param inode the inode number on it
 * @param born the birth time, {@link Timestamp#EPOCH} where the filesystem keeps none; tells a
 *     reused inode number apart
 * @param changed the ctime when the entry was last looked at
 * @param settled whether nothing can have changed since without changing {@code changed} too
 * @param handle the kernel's file handle (type and bytes), for directories where the filesystem has
 *     them
 */
public record Local(
    long device,
    long inode,
    Timestamp born,
    Timestamp changed,
    boolean settled,
    @Nullable Bytes handle) {}

package org.hotspare.wire;

import org.hotspare.tree.Change;
import org.jspecify.annotations.Nullable;

/**
 * One changed row of the index on its way to a standby.
 *
 * @param content what the file consists of; null where the change is of no regular file, or where
 *     the receiver is to keep the content that it has
 */
public record Row(Change change, @Nullable FileContent content) {}

package org.hotspare.wire;

import java.util.List;
import org.hotspare.delta.DeltaOp;
import org.hotspare.tree.Digest;
import org.jspecify.annotations.Nullable;

/**
 * How a receiver makes a file's content.
 *
 * @param base the digest of the version that {@link DeltaOp.Copy} takes from; null where nothing is
 *     copied
 * @param ops in the order of offsets, without gaps from where the previous part ended; the bytes of
 *     the literals lie in the frame's payload, in the same order
 * @param complete whether this is all; otherwise {@link Frame.ContentPart}s of the same id follow
 */
public record FileContent(@Nullable Digest base, List<DeltaOp> ops, boolean complete) {
  public FileContent {
    ops = List.copyOf(ops);
  }
}

package org.hotspare.lease;

import java.io.IOException;
import org.hotspare.tree.Bytes;
import org.hotspare.wire.Frame.Subject;

/** How a member of the cluster asks another something. */
@FunctionalInterface
public interface Peers {
  /**
   * Blocks until the answer is there.
   *
   * @throws IOException if there is none in time, or the other member could not give one: it may
   *     have done what was asked all the same
   */
  Bytes call(String node, Subject subject, Bytes content) throws IOException;
}

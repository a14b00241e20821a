package org.hotspare.failover;

import java.time.Duration;
import java.util.Map;
import org.hotspare.tree.Position;

/**
 * This node's copy of the mirrors.
 *
 * @param durable how far each mirror is on this node's disk
 * @param head how far each is, durable or not; of a primary positions of its own epoch, also before
 *     anything was changed in it
 * @param sealedEpoch changes of this epoch and of those before are not accepted any more, so that
 *     {@code durable} stays as it is
 * @param neverComplete why it never was a whole copy, such as a first copy that is under way: no
 *     order promotes it; empty where it was one
 * @param incomplete why it may lack something all the same; empty where nothing says so
 * @param lag how far it was behind the primary when it was last connected
 * @param crashed whether it was primary and ended without being stopped
 * @param seenNanos when looking at all of this began, of this node's CLOCK_MONOTONIC_RAW
 */
public record OwnCopy(
    Map<String, Position> durable,
    Map<String, Position> head,
    long sealedEpoch,
    String neverComplete,
    String incomplete,
    Duration lag,
    boolean crashed,
    long seenNanos) {
  public OwnCopy {
    durable = Map.copyOf(durable);
    head = Map.copyOf(head);
  }
}

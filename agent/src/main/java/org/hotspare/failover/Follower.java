package org.hotspare.failover;

import java.time.Duration;
import java.util.Map;
import org.hotspare.tree.Position;

/**
 * A standby as the primary's mirrors see it.
 *
 * @param awayFor for how long it has not been connected; zero while it is
 * @param inSyncFor for how long it has been connected and next to nothing behind; zero while it is
 *     not
 * @param complete whether it has whole copies
 * @param durable how far each mirror is on its disk, as it acknowledged to this node in this epoch:
 *     a former primary's own changes, which it still has, do not count
 */
public record Follower(
    Duration awayFor,
    Duration inSyncFor,
    boolean complete,
    Duration lag,
    Map<String, Position> durable) {
  public Follower {
    durable = Map.copyOf(durable);
  }
}

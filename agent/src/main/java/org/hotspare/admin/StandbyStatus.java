package org.hotspare.admin;

import org.hotspare.tree.Position;

/**
 * One standby of one mirror, as the primary sees it.
 *
 * @param position up to where all is durable there
 */
public record StandbyStatus(String node, boolean connected, Position position, Lag lag) {
  /** Not since the agent was started: how far it is, it tells when it connects. */
  public boolean neverSeen() {
    return !connected && position.equals(Position.NONE);
  }
}

package org.hotspare.admin;

import org.hotspare.tree.Position;

/**
 * One standby of one mirror, as the primary sees it.
 *
 * @param position up to where all is durable there
 */
public record StandbyStatus(String node, boolean connected, Position position, Lag lag) {}

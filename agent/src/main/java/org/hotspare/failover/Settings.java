package org.hotspare.failover;

import java.time.Duration;
import java.util.Set;

/**
 * What the configuration says, the same on all nodes but for {@code self}.
 *
 * @param self this node
 * @param dataNodes who holds the mirrors
 * @param candidates those of them that may be promoted at all
 * @param voters who endorses, before the cluster's record names them
 * @param automatic whether another node takes over without an operator's word
 * @param maxLag a standby that was further behind when it was last connected is not promoted
 * @param fence whether a command can confirm that another node is off
 */
public record Settings(
    String self,
    Set<String> dataNodes,
    Set<String> candidates,
    Set<String> voters,
    boolean automatic,
    Duration maxLag,
    boolean fence,
    Timing timing) {
  public Settings {
    dataNodes = Set.copyOf(dataNodes);
    candidates = Set.copyOf(candidates);
    voters = Set.copyOf(voters);
    if (!dataNodes.containsAll(candidates)) {
      throw new IllegalArgumentException(candidates + " are not all among " + dataNodes);
    }
  }
}

package org.hotspare.takeover;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A change of a node's role.
 *
 * @param epoch of the role that it takes: that of a demotion is not below that of the promotion
 *     which it ends
 * @param previousRole such as {@code standby}
 * @param role such as {@code primary}
 */
public record RoleChange(
    String cluster, String node, long epoch, String previousRole, String role) {

  private static final String PRIMARY = "primary";

  boolean isPromotion() {
    return role.equals(PRIMARY);
  }

  /** As hooks and others find it in their environment. */
  Map<String, String> environment() {
    Map<String, String> entries = new LinkedHashMap<>();
    entries.put("HOTSPARE_CLUSTER", cluster);
    entries.put("HOTSPARE_NODE", node);
    entries.put("HOTSPARE_EPOCH", Long.toString(epoch));
    entries.put("HOTSPARE_PREVIOUS_ROLE", previousRole);
    entries.put("HOTSPARE_ROLE", role);
    return entries;
  }
}

package org.hotspare.config;

import java.util.Set;

/**
 * The shell command that tells people, and of what.
 *
 * @param command empty for none
 */
public record Notifications(String command, Set<Occasion> on) {
  public static final Notifications NONE = new Notifications("", Set.of());

  public Notifications {
    on = Set.copyOf(on);
  }

  /** Something that people may want to hear of. */
  public enum Occasion {
    ROLE,
    HELD,
    DEGRADED,
    LAG,
    DIVERGED,
    CERTIFICATE,
    DISK,
    NO_MAJORITY
  }
}

package org.hotspare.config;

import java.time.Duration;

/**
 * Whether and when the preferred node becomes primary again.
 *
 * @param preferred a node's name; empty for none
 * @param stableFor how long it must have been back and well
 * @param window local times of day, {@code 02:00-04:00}; empty for any time
 */
public record Failback(String preferred, Mode mode, Duration stableFor, String window) {
  public static final Failback DEFAULT = new Failback("", Mode.MANUAL, Duration.ofMinutes(10), "");

  /** By hand, or by itself after it was stable. */
  public enum Mode {
    MANUAL,
    AFTER
  }
}

package org.hotspare.config;

import java.time.Duration;

/** Whether a standby takes over by itself, and how far behind it may be when it does. */
public record Failover(boolean automatic, Duration maxLag) {
  public static final Failover DEFAULT = new Failover(true, Duration.ofSeconds(5));
}

package org.hotspare.config;

import java.time.Duration;

/** How long replaced and deleted files are kept, and how many bytes of them at most. */
public record Versions(Duration keep, long maxBytes) {
  public static final Versions DEFAULT = new Versions(Duration.ofDays(7), 20L << 30);
}

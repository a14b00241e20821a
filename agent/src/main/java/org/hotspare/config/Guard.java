package org.hotspare.config;

import java.time.Duration;

/**
 * Deletions that are not mirrored without asking: more than {@code deletions} and more than {@code
 * share} of the mirror's entries, within {@code within}.
 *
 * @param share 0.5 is half of all entries
 */
public record Guard(int deletions, double share, Duration within) {
  public static final Guard DEFAULT = new Guard(1000, 0.5, Duration.ofSeconds(60));
}

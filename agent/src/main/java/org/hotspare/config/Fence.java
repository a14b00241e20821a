package org.hotspare.config;

import java.time.Duration;

/**
 * The shell command that makes sure that another machine is off.
 *
 * @param command empty for none
 * @param timeout how long it may take
 */
public record Fence(String command, Duration timeout) {
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);
  public static final Fence NONE = new Fence("", DEFAULT_TIMEOUT);

  public boolean isConfigured() {
    return !command.isEmpty();
  }
}

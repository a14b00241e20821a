package org.hotspare.config;

import java.time.Duration;

/**
 * A service on top of the mirrors.
 *
 * @param timeout how long starting it may take until it is well, and stopping it until it is killed
 */
public record Service(Control control, Where where, Duration timeout) {
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

  /** How it is started and stopped. */
  public sealed interface Control {}

  /** By its unit's name. */
  public record Systemd(String unit) implements Control {}

  /** By shell commands. */
  public record Commands(String start, String stop, String status) implements Control {}

  /** On which data nodes it runs. */
  public enum Where {
    PRIMARY,
    ALL
  }
}

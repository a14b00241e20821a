package org.hotspare.config;

import java.time.Duration;

/**
 * What tells whether the primary works.
 *
 * @param fall failures in a row after which it counts as failed
 * @param rise successes in a row after which it counts as well again
 */
public record Check(Probe probe, Duration every, Duration timeout, int fall, int rise) {

  /** One look. */
  public sealed interface Probe {}

  /** A GET of this URL answers 2xx or 3xx. */
  public record Http(String url) implements Probe {}

  /** A TCP connection is accepted. */
  public record Tcp(Address address) implements Probe {}

  /** The host, or {@code primary}, answers an echo request. */
  public record Ping(String target) implements Probe {}

  /** The shell command exits with 0. */
  public record Exec(String command) implements Probe {}
}

package org.hotspare.config;

import java.time.Duration;
import java.util.List;

/**
 * What tells whether the primary works.
 *
 * @param name by which people know it; empty where the file gives none
 * @param timeout not longer than {@code every}
 * @param fall failures in a row after which it counts as failed
 * @param rise successes in a row after which it counts as well again
 */
public record Check(
    String name, Probe probe, Duration every, Duration timeout, int fall, int rise) {

  /** One look. */
  public sealed interface Probe {}

  /**
   * A GET of this URL is answered as expected. Redirects are not followed.
   *
   * @param expected status codes; none for 2xx
   * @param body a regular expression that is found in the body; empty for none
   */
  public record Http(String url, List<Statuses> expected, String body) implements Probe {
    public Http {
      expected = List.copyOf(expected);
    }
  }

  /** Status codes of HTTP from the first to the last, both included. */
  public record Statuses(int first, int last) {}

  /** A TCP connection is accepted. */
  public record Tcp(Address address) implements Probe {}

  /** The host, or {@code primary}, answers an echo request. */
  public record Ping(String target) implements Probe {}

  /** The shell command exits with 0. */
  public record Exec(String command) implements Probe {}
}

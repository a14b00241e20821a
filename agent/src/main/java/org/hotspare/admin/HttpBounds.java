package org.hotspare.admin;

import java.time.Duration;
import java.util.Map;

/**
 * What a client of the HTTP interface may take. The JDK's server has some of these as system
 * properties only, which it reads when it is used first: this program has no other use of it.
 */
final class HttpBounds {
  /** More are closed as soon as they are accepted. Each has a thread while it is answered. */
  static final int CONNECTIONS = 64;

  /** Of these, followers of the events, so that they leave room for the others. */
  static final int FOLLOWERS = 16;

  /** At once, of what may wait for a disk: one that hangs must not take all threads. */
  static final int LOOKS = 4;

  /** From the first byte of a request to its last, with what TLS does before it. */
  static final Duration REQUEST = Duration.ofSeconds(5);

  /** How long an answer may take, until the client has taken its last byte. */
  static final Duration ANSWER = Duration.ofSeconds(10);

  /** How long a connection stays without a request. */
  private static final Duration IDLE = Duration.ofSeconds(30);

  static final int HEADER_BYTES = 16 << 10;
  private static final int HEADERS = 64;

  private static final Map<String, Long> PROPERTIES =
      Map.of(
          "jdk.httpserver.maxConnections", (long) CONNECTIONS,
          "sun.net.httpserver.maxIdleConnections", (long) CONNECTIONS,
          "sun.net.httpserver.idleInterval", IDLE.toSeconds(),
          "sun.net.httpserver.maxReqTime", REQUEST.toSeconds(),
          "sun.net.httpserver.maxReqHeaders", (long) HEADERS,
          "sun.net.httpserver.maxReqHeaderSize", (long) HEADER_BYTES);

  private HttpBounds() {}

  /** Before the first server is made. */
  static void apply() {
    PROPERTIES.forEach((name, value) -> System.setProperty(name, value.toString()));
    // An answer's head and body are written one after the other.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }
}

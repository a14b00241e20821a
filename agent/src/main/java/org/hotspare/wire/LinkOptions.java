package org.hotspare.wire;

import java.time.Duration;
import java.util.function.Supplier;

/**
 * How this node's links work.
 *
 * @param version of this program, as shown to peers
 * @param deadAfter a peer that nothing is heard of for so long is given up; it hears from this node
 *     at least four times within that time
 * @param compression of payloads; asked for each one, so that it may change
 * @param limit of what is sent; shared by all links that are given the same one
 */
public record LinkOptions(
    String version, Duration deadAfter, Supplier<CompressionMode> compression, RateLimit limit) {
  public static final Duration DEAD_AFTER = Duration.ofSeconds(10);

  /** How long a connection may take until it is a link. */
  static final Duration HANDSHAKE = Duration.ofSeconds(10);

  public LinkOptions {
    if (deadAfter.toMillis() < 100 || deadAfter.toMillis() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("not a time to wait for a peer: " + deadAfter);
    }
  }

  public LinkOptions(
      String version, Duration deadAfter, CompressionMode compression, RateLimit limit) {
    this(version, deadAfter, () -> compression, limit);
  }

  public static LinkOptions of(String version) {
    return new LinkOptions(version, DEAD_AFTER, CompressionMode.AUTO, RateLimit.none());
  }
}

package org.hotspare.admin;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.hotspare.config.Amounts;
import org.jspecify.annotations.Nullable;

/** The query of a request for a standby: nothing, or {@code max-lag=5s}. */
final class MaxLag {
  private static final String KEY = "max-lag=";

  private MaxLag() {}

  /**
   * @param query as it came, or null for none
   * @return null where no lag is too long
   * @throws IllegalArgumentException if it is anything else; the message says what is expected
   */
  static @Nullable Duration in(@Nullable String query) {
    if (query == null || query.isEmpty()) {
      return null;
    }
    // A parameter that is misspelt must not pass for one that asks for nothing.
    if (!query.startsWith(KEY) || query.contains("&")) {
      throw new IllegalArgumentException("the query can only be max-lag=DURATION, such as 5s");
    }
    String value = URLDecoder.decode(query.substring(KEY.length()), StandardCharsets.UTF_8);
    try {
      return Amounts.duration(value);
    } catch (IllegalArgumentException malformed) {
      throw new IllegalArgumentException(
          "max-lag has to be " + Amounts.DURATION_EXPECTED, malformed);
    }
  }
}

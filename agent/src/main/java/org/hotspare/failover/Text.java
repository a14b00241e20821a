package org.hotspare.failover;

import java.time.Duration;

/** How things are put for people. */
final class Text {
  private Text() {}

  static String of(Duration duration) {
    if (duration.toMillis() < 1000) {
      return duration.toMillis() + " ms";
    }
    return duration.toSeconds() < 120 ? duration.toSeconds() + " s" : duration.toMinutes() + " min";
  }
}

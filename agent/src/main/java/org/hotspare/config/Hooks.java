package org.hotspare.config;

import java.time.Duration;
import java.util.List;

/**
 * Shell commands around each change of role.
 *
 * @param timeout how long each may take
 */
public record Hooks(List<String> before, List<String> after, Duration timeout) {
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);
  public static final Hooks NONE = new Hooks(List.of(), List.of(), DEFAULT_TIMEOUT);

  public Hooks {
    before = List.copyOf(before);
    after = List.copyOf(after);
  }
}

package org.hotspare.config;

import java.util.List;

/** Shell commands around each change of role. */
public record Hooks(List<String> before, List<String> after) {
  public static final Hooks NONE = new Hooks(List.of(), List.of());

  public Hooks {
    before = List.copyOf(before);
    after = List.copyOf(after);
  }
}

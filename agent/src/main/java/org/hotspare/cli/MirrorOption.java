package org.hotspare.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** One of the mirrors, or all. */
final class MirrorOption {
  @Option(names = "--mirror", paramLabel = "NAME", description = "Only this mirror.")
  private @Nullable String name;

  @Nullable String name() {
    return name;
  }
}

package org.hotspare.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which of the configuration's nodes this machine is. */
final class NodeOption {
  @Option(
      names = "--node",
      paramLabel = "NAME",
      description = "This node; otherwise the one whose name or address is this host's.")
  private @Nullable String name;

  @Nullable String name() {
    return name;
  }
}

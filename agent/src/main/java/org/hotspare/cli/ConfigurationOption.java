package org.hotspare.cli;

import java.nio.file.Path;
import org.hotspare.config.Configuration;
import org.hotspare.config.ConfigurationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which configuration a command is about, and so which agent it talks to. */
final class ConfigurationOption {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "The configuration; otherwise what HOTSPARE_CONFIG names, otherwise"
              + " /etc/hotspare/hotspare.yaml.")
  private @Nullable Path file;

  Path file() {
    if (file != null) {
      return file;
    }
    String named = System.getenv("HOTSPARE_CONFIG");
    return named == null || named.isBlank() ? Configuration.DEFAULT_FILE : Path.of(named);
  }

  Configuration load() throws ConfigurationException {
    return Configuration.load(file());
  }
}

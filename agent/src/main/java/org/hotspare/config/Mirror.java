package org.hotspare.config;

import java.nio.file.Path;
import java.util.List;

/**
 * A directory that is kept identical on all data nodes.
 *
 * @param path absolute and normalized; a node may have it elsewhere, see {@link
 *     Configuration#pathOf}
 * @param exclude patterns in rsync's syntax, in file order
 * @param onChange the shell command that a standby runs after it applied a change; empty for none
 */
public record Mirror(String name, Path path, List<String> exclude, String onChange) {
  public Mirror {
    exclude = List.copyOf(exclude);
  }
}

package org.hotspare.linux;

import java.nio.file.Path;

/** A file or directory that nobody can change until this is closed. */
public record Immutable(Path path) implements AutoCloseable {
  public Immutable {
    LoopFileSystem.run("chattr", "+i", path.toString());
  }

  @Override
  public void close() {
    LoopFileSystem.run("chattr", "-i", path.toString());
  }
}

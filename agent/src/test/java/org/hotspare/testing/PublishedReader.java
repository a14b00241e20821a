package org.hotspare.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Reads the files that {@link Churn} publishes, on the other side, and checks their checksums. */
public final class PublishedReader implements AutoCloseable {
  private final Background program;
  private final Path stop;

  private PublishedReader(Background program, Path stop) {
    this.program = program;
    this.stop = stop;
  }

  /** Starts reading {@code published/} in a tree, which need not be there yet. */
  public static PublishedReader start(Path tree) {
    try {
      Path stop = Files.createTempFile("hotspare-stop", "");
      Files.delete(stop);
      return new PublishedReader(
          new Background(
              Command.script("check_published", tree.resolve("published"), "--until", stop)),
          stop);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Ends the reading.
   *
   * @throws AssertionError if any file was wrong at any time
   */
  public void assertNoneWrong() {
    try {
      if (Files.notExists(stop)) {
        Files.createFile(stop);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    program.await(Duration.ofMinutes(1));
  }

  @Override
  public void close() {
    program.close();
    try {
      Files.deleteIfExists(stop);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package org.hotspare.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Changes a file in ways that raise no event, and keeps it open or mapped meanwhile. Closing kills
 * it, which closes the file.
 */
public final class OpenWriter implements AutoCloseable {
  private final Process process;
  private final BufferedReader answers;
  private final Writer commands;

  private OpenWriter(List<String> command) {
    process =
        Command.start(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT));
    answers = process.inputReader(StandardCharsets.UTF_8);
    commands = process.outputWriter(StandardCharsets.UTF_8);
    expect("ready");
  }

  /**
   * Maps a file, made of {@code size} bytes if it is not there.
   *
   * @param mappingOnly whether the descriptor is closed, so that only the mapping is left
   */
  public static OpenWriter mapping(Path file, long size, boolean mappingOnly) {
    List<String> command = Command.script("mmap_writer", file, size);
    if (mappingOnly) {
      command.add("--close");
    }
    return new OpenWriter(command);
  }

  /** Opens a file for asynchronous I/O, made of {@code size} bytes if it is not there. */
  public static OpenWriter asynchronous(Path file, long size, boolean direct) {
    List<String> command = Command.script("aio_writer", file, size);
    if (direct) {
      command.add("--direct");
    }
    return new OpenWriter(command);
  }

  /** Stores a text without blanks at an offset; for a mapping. */
  public void store(long offset, String text) {
    send("store " + offset + " " + text);
  }

  /** Fills a range with a character; for asynchronous I/O, with {@code direct} whole pages. */
  public void fill(long offset, long length, char character) {
    send("write " + offset + " " + length + " " + character);
  }

  private void send(String command) {
    try {
      commands.write(command + "\n");
      commands.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    expect("done");
  }

  private void expect(String expected) {
    try {
      String answer = answers.readLine();
      if (!expected.equals(answer)) {
        throw new AssertionError("the writer answers " + answer + ", not " + expected);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

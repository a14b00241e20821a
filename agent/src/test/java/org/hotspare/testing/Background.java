package org.hotspare.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program that runs beside a test. Closing kills it. */
public final class Background implements AutoCloseable {
  private final Process process;
  private final Path output;
  private final List<String> command;

  public Background(List<String> command) {
    this.command = command;
    try {
      this.output = Files.createTempFile("hotspare-background", ".log");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.process =
        Command.start(
            new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()));
  }

  /** Returns once it does nothing any more. */
  void pause() {
    signal("STOP");
    while (!state().equals("T")) {
      Thread.onSpinWait();
    }
  }

  void goOn() {
    signal("CONT");
  }

  private void signal(String name) {
    Command.run(Duration.ofMinutes(1), List.of("kill", "-" + name, String.valueOf(process.pid())));
  }

  private String state() {
    try {
      String line = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      return line.substring(line.lastIndexOf(')') + 2).substring(0, 1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What it printed so far. */
  public String output() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The lines that it printed so far; one that it has not ended yet is left out. */
  public List<String> lines() {
    String all = output();
    return all.substring(0, all.lastIndexOf('\n') + 1).lines().toList();
  }

  boolean isRunning() {
    return process.isAlive();
  }

  /**
   * Waits for the program to end and returns what it printed.
   *
   * @throws AssertionError if it fails, or does not end within the limit
   */
  String await(Duration limit) {
    try {
      boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
      String text = Files.readString(output);
      if (!ended || process.exitValue() != 0) {
        String how = ended ? "failed" : "did not end within " + limit;
        throw new AssertionError(command + " " + how + ": " + text);
      }
      return text;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while " + command + " ran", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Ends the program's input, waits for the program to end, and returns the lines that it printed.
   *
   * @throws AssertionError if it fails, or does not end within the limit
   */
  public List<String> finish(Duration limit) {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return await(limit).lines().toList();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
      Files.deleteIfExists(output);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

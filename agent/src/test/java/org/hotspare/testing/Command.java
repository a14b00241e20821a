package org.hotspare.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs programs and the scripts in {@code src/test/python}. */
public final class Command {
  private static final Path SCRIPTS =
      Path.of(System.getProperty("basedir", "")).resolve("src/test/python").toAbsolutePath();

  /**
   * How a program ended.
   *
   * @param output what it printed, errors included; bytes as Latin-1 characters
   */
  public record Result(int status, String output) {}

  private Command() {}

  /** The command line that runs a script, whose name has no suffix, with Debian's Python. */
  public static List<String> script(String name, Object... arguments) {
    List<String> command = new ArrayList<>();
    command.add("/usr/bin/python3");
    command.add(SCRIPTS.resolve(name + ".py").toString());
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return command;
  }

  /**
   * Runs a program to its end; kills it when the limit is over.
   *
   * @throws AssertionError if it did not end within the limit
   */
  public static Result run(Duration limit, List<String> command) {
    Process process = start(new ProcessBuilder(command).redirectErrorStream(true));
    try {
      CompletableFuture<String> output = CompletableFuture.supplyAsync(() -> readAll(process));
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(command + " did not end within " + limit + ": " + output.join());
      }
      return new Result(process.exitValue(), output.join());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while " + command + " ran", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /**
   * Runs a program that has to succeed within a minute and returns what it printed.
   *
   * @throws AssertionError if it does not
   */
  public static String succeed(List<String> command) {
    Result result = run(Duration.ofMinutes(1), command);
    if (result.status != 0) {
      throw new AssertionError(command + " ended with " + result.status + ": " + result.output);
    }
    return result.output;
  }

  static Process start(ProcessBuilder builder) {
    builder.environment().put("LC_ALL", "C.UTF-8");
    try {
      return builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String readAll(Process process) {
    try {
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

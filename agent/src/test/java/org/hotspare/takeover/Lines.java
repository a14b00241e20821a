package org.hotspare.takeover;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A program in a network namespace that is told things and answers, in lines. Closing kills it, and
 * so does the end of the thread that made it.
 */
final class Lines implements AutoCloseable {
  private static final String END = "\0end";
  private static final long LIMIT_SECONDS = 60;

  private final Process process;
  private final Writer input;
  private final BlockingQueue<String> output = new LinkedBlockingQueue<>();

  /** All that it has printed so far, for messages. */
  private final List<String> printed = new ArrayList<>();

  Lines(String namespace, List<String> command) {
    // Also one that is stopped, when these tests are killed.
    List<String> within = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
    within.addAll(List.of("ip", "netns", "exec", namespace));
    within.addAll(command);
    try {
      process = new ProcessBuilder(within).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    input = process.outputWriter(StandardCharsets.UTF_8);
    Thread.ofVirtual().start(this::read);
  }

  private void read() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        output.add(line);
      }
    } catch (IOException e) {
      output.add("cannot read: " + e);
    } finally {
      output.add(END);
    }
  }

  void say(String line) {
    try {
      input.write(line + "\n");
      input.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("after " + printed, e);
    }
  }

  /**
   * The next line that it prints.
   *
   * @throws AssertionError if it ends, or prints none for a minute
   */
  String next() {
    try {
      String line = output.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
      if (line == null || line.equals(END)) {
        throw new AssertionError((line == null ? "no answer after " : "ended after ") + printed);
      }
      printed.add(line);
      return line;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** Ends its input, and returns the lines that it prints until it ends. */
  List<String> finish() {
    try {
      input.close();
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("does not end after " + printed);
      }
      List<String> rest = rest();
      if (process.exitValue() != 0) {
        throw new AssertionError("failed: " + rest.stream().collect(Collectors.joining("\n")));
      }
      return rest;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** What it has printed that nobody took, once it has ended. */
  List<String> rest() throws InterruptedException {
    List<String> rest = new ArrayList<>();
    for (String line = output.take(); !line.equals(END); line = output.take()) {
      rest.add(line);
    }
    return rest;
  }

  long pid() {
    return process.pid();
  }

  /** SIGKILL; returns when it is gone. */
  @Override
  public void close() {
    // Not by the process itself, which would close its output: what is left of that is still read.
    process.toHandle().destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

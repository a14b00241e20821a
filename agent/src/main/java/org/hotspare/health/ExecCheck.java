package org.hotspare.health;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.hotspare.health.Outcome.Failed;
import org.hotspare.health.Outcome.Passed;
import org.hotspare.linux.Child;

/**
 * A shell command ends with status 0. It runs in a session of its own; when it ends, and when its
 * time is over, everything that is left of that is killed. The last line that it printed is part of
 * what is told.
 *
 * <p>A look comes back only when all that is gone. Where a process cannot be killed, since it waits
 * for a disk, no further command is started, and each further period is a failure.
 */
public record ExecCheck(String command) implements Probe {
  private static final String SHELL = "/bin/sh";

  /** Who prints more is ended. */
  private static final long MAX_OUTPUT_BYTES = 1 << 20;

  @Override
  public Optional<String> hindrance() {
    if (!Files.isExecutable(Path.of(SHELL))) {
      return Optional.of("commands need " + SHELL);
    }
    return Child.isPossible() ? Optional.empty() : Optional.of("commands need glibc 2.34");
  }

  /** Starts a program that does nothing, and kills it. */
  @Override
  public void prepare() throws IOException, InterruptedException {
    try (Child child = Child.start(List.of(SHELL, "-c", "exec sleep 1"))) {
      child.kill();
      child.await(printed -> {});
      child.exit();
      child.end();
    }
  }

  @Override
  public Outcome look(Attempt attempt) throws IOException, InterruptedException {
    attempt.at("starting the command");
    Tail tail = new Tail();
    try (Child child = Child.start(List.of(SHELL, "-c", command))) {
      attempt.endBy(child::kill);
      attempt.at("running the command, process " + child.pid());
      child.await(
          printed -> {
            tail.add(printed);
            if (tail.total > MAX_OUTPUT_BYTES) {
              child.kill();
            }
          });
      Outcome outcome = outcome(child.exit(), tail);
      if (outcome instanceof Passed passed) {
        attempt.enough(passed);
      }
      attempt.at("ending what the command left, session " + child.pid());
      child.end();
      return outcome;
    }
  }

  private static Outcome outcome(Child.Exit exit, Tail tail) {
    if (tail.total > MAX_OUTPUT_BYTES) {
      return new Failed("the command printed more than " + MAX_OUTPUT_BYTES + " bytes");
    }
    String line = tail.lastLine();
    String text = exit + (line.isEmpty() ? "" : ": " + line);
    return exit.isSuccess() ? new Passed(text) : new Failed(text);
  }

  /** The end of what was printed. */
  private static final class Tail {
    private final byte[] end = new byte[1024];
    private int length;
    private long total;

    private void add(ByteBuffer printed) {
      total += printed.remaining();
      int skip = Math.max(0, printed.remaining() - end.length);
      printed.position(printed.position() + skip);
      int added = printed.remaining();
      int kept = Math.min(length, end.length - added);
      System.arraycopy(end, length - kept, end, 0, kept);
      printed.get(end, kept, added);
      length = kept + added;
    }

    private String lastLine() {
      String text = new String(end, 0, length, StandardCharsets.UTF_8).strip();
      return text.substring(text.lastIndexOf('\n') + 1).strip();
    }
  }
}

package org.hotspare.takeover;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.hotspare.linux.Child;
import org.jspecify.annotations.Nullable;

/**
 * A program that is run to its end, in a session of its own; when it ends, and when its time is
 * over, everything that is left of that session is killed. It has a thread of its own, so that who
 * waits for it is not held up by what cannot be killed.
 */
final class TimedCommand {
  /** How long what was killed may take to be gone before it counts as not to be killed. */
  static final Duration KILLED_WITHIN = Duration.ofSeconds(2);

  /** What systemd tells the agent alone: who had it could speak in the agent's name. */
  private static final List<String> HIDDEN =
      List.of("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "JOURNAL_STREAM");

  private final List<String> command;
  private final OutputLines output;
  private final CompletableFuture<CommandEnd> end = new CompletableFuture<>();

  /** Both guarded by this. */
  private @Nullable Child child;

  private boolean killed;

  private TimedCommand(List<String> command, OutputLines output) {
    this.command = command;
    this.output = output;
  }

  /**
   * @param environment added to this process's own, except for what concerns the agent alone; its
   *     {@code PATH} is where the program is searched
   * @param lines takes what it prints, errors included, in another thread
   * @throws IllegalArgumentException for a text with a NUL, which no program can be given
   */
  static TimedCommand start(
      List<String> command, Map<String, String> environment, Consumer<String> lines) {
    List<String> all = new ArrayList<>();
    all.add("/usr/bin/env");
    HIDDEN.forEach(name -> all.addAll(List.of("-u", name)));
    environment.forEach(
        (name, value) -> {
          if (!HIDDEN.contains(name)) {
            all.add(name + "=" + value);
          }
        });
    all.addAll(command);
    if (all.stream().anyMatch(text -> text.indexOf('\0') >= 0)) {
      throw new IllegalArgumentException("a NUL in " + command);
    }
    TimedCommand started = new TimedCommand(all, new OutputLines(lines));
    Thread.ofPlatform().name("command").daemon().start(started::run);
    return started;
  }

  /** As {@link #start}, of a line for the shell. */
  static TimedCommand shell(
      String command, Map<String, String> environment, Consumer<String> lines) {
    return start(List.of("/bin/sh", "-c", command), environment, lines);
  }

  /** Runs a program whose output only matters when it fails. */
  static CommandEnd run(List<String> command, Map<String, String> environment, Duration timeout)
      throws InterruptedException {
    return start(command, environment, line -> {}).await(timeout);
  }

  private void run() {
    try {
      end.complete(runToEnd());
    } catch (IOException failed) {
      end.complete(ended(CommandEnd.NONE, false, "cannot be run: " + failed.getMessage()));
    } catch (InterruptedException | RuntimeException | Error bug) {
      // Nobody interrupts this thread.
      end.completeExceptionally(bug);
    }
  }

  private CommandEnd runToEnd() throws IOException, InterruptedException {
    try (Child started = Child.start(command)) {
      synchronized (this) {
        child = started;
        if (killed) {
          started.kill();
        }
      }
      started.await(output::add);
      Child.Exit exit = started.exit();
      started.end();
      output.endLine();
      int status = exit.bySignal() ? CommandEnd.NONE : exit.status();
      return ended(status, false, exit.toString());
    } finally {
      synchronized (this) {
        child = null;
      }
    }
  }

  private CommandEnd ended(int status, boolean late, String how) {
    return new CommandEnd(status, late, how, output.last());
  }

  /**
   * Waits for its end, and kills it when the time is over, or this thread is interrupted.
   *
   * @param timeout from now
   */
  CommandEnd await(Duration timeout) throws InterruptedException {
    try {
      return get(timeout);
    } catch (TimeoutException over) {
      kill();
    } catch (InterruptedException stopped) {
      kill();
      throw stopped;
    }
    String then = awaitGone(KILLED_WITHIN) ? "so killed" : "and cannot be killed";
    double seconds = timeout.toMillis() / 1000.0;
    return ended(
        CommandEnd.NONE,
        true,
        String.format(Locale.ROOT, "no end within %.1f s, %s", seconds, then));
  }

  /**
   * @return false if it is still there
   */
  boolean awaitGone(Duration timeout) throws InterruptedException {
    try {
      get(timeout);
      return true;
    } catch (TimeoutException stuck) {
      return false;
    }
  }

  private CommandEnd get(Duration timeout) throws InterruptedException, TimeoutException {
    try {
      return end.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException bug) {
      throw new IllegalStateException("running " + command + " failed", bug.getCause());
    }
  }

  /** Has it killed; {@link #await} tells the end. Does nothing when it has ended. */
  synchronized void kill() {
    killed = true;
    if (child != null) {
      child.kill();
    }
  }
}

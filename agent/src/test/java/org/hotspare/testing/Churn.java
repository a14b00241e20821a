package org.hotspare.testing;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Keeps changing a tree beside a test, about as a busy server would. Closing kills it. */
public final class Churn implements AutoCloseable {
  private final Background program;
  private final Duration duration;

  private Churn(Background program, Duration duration) {
    this.program = program;
    this.duration = duration;
  }

  /**
   * Starts changing what it makes below a directory.
   *
   * @param changesPerSecond as many as it can where that is more
   * @param duration after which it ends by itself; zero to go on until it is closed
   */
  public static Churn start(Path directory, int changesPerSecond, Duration duration, long seed) {
    return start(
        Command.script("churn", directory, changesPerSecond, seconds(duration), seed), duration);
  }

  /**
   * The same with files that are renamed into {@code published/} and carry their own checksum, for
   * {@link PublishedReader}.
   */
  public static Churn startPublishing(
      Path directory, int changesPerSecond, Duration duration, long seed) {
    return start(
        Command.script("churn", directory, changesPerSecond, seconds(duration), seed, "--publish"),
        duration);
  }

  /** The same, and each published file is synced before it gets its name. */
  public static Churn startPublishingDurably(
      Path directory, int changesPerSecond, Duration duration, long seed) {
    List<String> command =
        Command.script("churn", directory, changesPerSecond, seconds(duration), seed, "--publish");
    command.add("--durable");
    return start(command, duration);
  }

  private static Churn start(List<String> command, Duration duration) {
    return new Churn(new Background(command), duration);
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }

  /** Nothing changes until {@link #goOn}. */
  public void pause() {
    program.pause();
  }

  public void goOn() {
    program.goOn();
  }

  public boolean isRunning() {
    return program.isRunning();
  }

  /**
   * Waits until it ends by itself.
   *
   * @throws AssertionError if it failed, or runs a minute longer than it should
   */
  public void await() {
    program.await(duration.plusMinutes(1));
  }

  @Override
  public void close() {
    program.close();
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the operator's command after changes were applied: once for all that come close together,
 * never two at a time, and not for longer than a minute.
 */
final class OnChange implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OnChange.class);
  private static final long GATHER_MILLIS = 500;
  private static final long LIMIT_SECONDS = 60;

  private final String mirror;
  private volatile @Nullable String command;
  private final MirrorNews news;
  private final AtomicBoolean due = new AtomicBoolean();
  private final ExecutorService runner =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("on-change").daemon().factory());

  /**
   * @param command null for none
   */
  OnChange(String mirror, @Nullable String command, MirrorNews news) {
    this.mirror = mirror;
    this.command = command;
    this.news = news;
  }

  /** From now on another command, or none. Any thread. */
  void use(@Nullable String next) {
    command = next;
  }

  void changed() {
    if (command != null && due.compareAndSet(false, true)) {
      runner.execute(this::run);
    }
  }

  private void run() {
    try {
      TimeUnit.MILLISECONDS.sleep(GATHER_MILLIS);
      due.set(false);
      String shell = command;
      if (shell != null) {
        run(shell);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run(String shell) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder("/bin/sh", "-c", shell)
              .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        tell(shell, "still ran after " + LIMIT_SECONDS + " s and was ended");
      } else if (process.exitValue() != 0) {
        tell(shell, "ended with status " + process.exitValue());
      }
    } catch (IOException e) {
      tell(shell, "could not be run: " + e.getMessage());
    }
  }

  private void tell(String shell, String what) {
    String text = "on-change command \"%s\" %s".formatted(shell, what);
    LOG.warn("mirror {}: {}", mirror, text);
    news.tell(mirror, MirrorNews.Topic.PROBLEM, text);
  }

  @Override
  public void close() {
    runner.shutdownNow();
  }
}

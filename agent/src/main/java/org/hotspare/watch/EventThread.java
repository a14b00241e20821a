package org.hotspare.watch;

import java.io.IOException;
import java.time.Duration;

/**
 * Reads a source until it is closed. On a platform thread of its own, so that the kernel's queue is
 * emptied however long looking at files takes.
 */
final class EventThread implements AutoCloseable {
  private static final Duration LONG = Duration.ofMinutes(10);

  private final EventSource source;
  private final MarkQueue queue;
  private final Thread thread;
  private volatile boolean closing;

  EventThread(String name, EventSource source, MarkQueue queue) {
    this.source = source;
    this.queue = queue;
    this.thread = Thread.ofPlatform().name(name).daemon().start(this::run);
  }

  private void run() {
    try {
      while (!closing) {
        source.read(LONG);
      }
    } catch (IOException failed) {
      queue.fail(failed);
    } catch (RuntimeException | Error bug) {
      // Whoever polls would wait for ever.
      queue.fail(new IOException("reading events failed: " + bug, bug));
      throw bug;
    } finally {
      source.close();
    }
  }

  /** Returns when the source is closed. */
  @Override
  public void close() {
    closing = true;
    source.wake();
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException again) {
        // The descriptors must not outlive this call.
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}

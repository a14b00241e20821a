package org.hotspare.watch;

import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.hotspare.tree.RelPath;

/** Compares the table of mounts every two seconds: a read of a few kilobytes. */
final class MountSource implements EventSource {
  private static final Duration INTERVAL = Duration.ofSeconds(2);

  private final MountChanges changes;
  private final TreeWatcher watcher;
  private final MarkQueue queue;
  private final Semaphore woken = new Semaphore(0);

  MountSource(MountChanges changes, TreeWatcher watcher, MarkQueue queue) {
    this.changes = changes;
    this.watcher = watcher;
    this.queue = queue;
  }

  @Override
  public void read(Duration timeout) throws IOException {
    try {
      if (woken.tryAcquire(INTERVAL.toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while watching mounts", interrupted);
    }
    Set<RelPath> points = changes.check(watcher::idOf, watcher::forgetFileSystems);
    if (!points.isEmpty()) {
      queue.everything(
          "what is mounted below the root has changed, at " + points.iterator().next());
    }
  }

  @Override
  public void wake() {
    woken.release();
  }

  @Override
  public void close() {
    // The table is opened anew each time.
  }
}

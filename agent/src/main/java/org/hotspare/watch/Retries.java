package org.hotspare.watch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.hotspare.tree.EntryId;

/**
 * Directories in which something could not be looked at. They are listed again after a second, and
 * as long as it fails, after pauses that double up to five minutes. Pure: the time is an input, as
 * of {@code System.nanoTime()}. Not for several threads.
 */
final class Retries {
  private static final long FIRST_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long LAST_NANOS = TimeUnit.MINUTES.toNanos(5);

  /** Where more than these fail, it is the whole tree that is read again. */
  static final int MOST = 10_000;

  private final Map<EntryId, Retry> retries = new LinkedHashMap<>();

  /**
   * A directory to be listed.
   *
   * @param below whether what is below it is to be listed, too
   */
  record Due(EntryId directory, boolean below) {}

  private static final class Retry {
    boolean below;
    long pauseNanos = FIRST_NANOS;
    long dueNanos;

    /** Whether it was taken, and nothing has failed in it since. */
    boolean running;
  }

  /** Something in the directory could not be looked at. */
  void failed(EntryId directory, boolean below, long now) {
    if (retries.size() >= MOST && !retries.containsKey(directory)) {
      Retry whole = retries.get(EntryId.ROOT);
      retries.clear();
      if (whole != null) {
        retries.put(EntryId.ROOT, whole);
      }
      failed(EntryId.ROOT, true, now);
      return;
    }
    Retry retry = retries.get(directory);
    if (retry == null) {
      retry = new Retry();
      retry.dueNanos = now + retry.pauseNanos;
      retries.put(directory, retry);
    } else if (retry.running) {
      // Not for each failure: a busy directory would never have its turn.
      retry.running = false;
      retry.pauseNanos = Math.min(LAST_NANOS, retry.pauseNanos * 2);
      retry.dueNanos = now + retry.pauseNanos;
    }
    retry.below |= below;
  }

  boolean isDue(long now) {
    return retries.values().stream().anyMatch(retry -> isDue(retry, now));
  }

  private static boolean isDue(Retry retry, long now) {
    return !retry.running && now - retry.dueNanos >= 0;
  }

  /** What is to be listed now; {@link #settle} is to follow once it was. */
  List<Due> takeDue(long now) {
    List<Due> due = new ArrayList<>();
    retries.forEach(
        (id, retry) -> {
          if (isDue(retry, now)) {
            retry.running = true;
            due.add(new Due(id, retry.below));
          }
        });
    return due;
  }

  /** All that was taken has been listed: where nothing failed again, it is over. */
  void settle() {
    retries.values().removeIf(retry -> retry.running);
  }

  /** The directory is gone. */
  void forget(EntryId directory) {
    retries.remove(directory);
  }
}

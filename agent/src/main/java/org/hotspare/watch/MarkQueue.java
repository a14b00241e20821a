package org.hotspare.watch;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Marks between the thread that reads the kernel's queue and the one that looks at files. The
 * kernel's queue is short and drops what does not fit; this one is emptied into as fast as events
 * come, holds each mark once however often it is repeated, and when it is full, too, turns into one
 * {@link Mark.Everything}.
 */
final class MarkQueue {
  /** About 250 bytes each. */
  static final int MAX_PENDING = 200_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final int maxPending;

  // All below is guarded by the lock.
  private final LinkedHashSet<Mark> pending = new LinkedHashSet<>();
  private final Deque<Cookie> cookies = new ArrayDeque<>();
  private @Nullable String everything;
  private @Nullable IOException failure;
  private boolean woken;

  /** How many marks were ever added, and how many of the first of these were handed over. */
  private long added;

  private long delivered;
  private long passed;

  /** A token that has passed once the first {@code marks} marks are handed over. */
  private record Cookie(long token, long marks) {}

  MarkQueue(int maxPending) {
    this.maxPending = maxPending;
  }

  void add(Mark mark) {
    lock.lock();
    try {
      // What happens before Everything was handed over is part of it.
      if (everything == null && pending.add(mark)) {
        added++;
        if (pending.size() > maxPending) {
          everything("more than " + maxPending + " changes are waiting to be looked at");
        } else if (pending.size() == 1) {
          changed.signal();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  void everything(String reason) {
    lock.lock();
    try {
      if (everything == null) {
        everything = reason;
      }
      pending.clear();
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** The cookie with this token came by: all that was added so far happened before it. */
  void cookie(long token) {
    lock.lock();
    try {
      cookies.add(new Cookie(token, added));
      // Nothing may be waiting in front of it.
      pass();
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** The marks end here: {@link #take} throws this from now on. */
  void fail(IOException reason) {
    lock.lock();
    try {
      failure = reason;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  void wake() {
    lock.lock();
    try {
      woken = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** The largest token that has passed. */
  long passed() {
    lock.lock();
    try {
      return passed;
    } finally {
      lock.unlock();
    }
  }

  boolean isEmpty() {
    lock.lock();
    try {
      return pending.isEmpty() && everything == null;
    } finally {
      lock.unlock();
    }
  }

  /** Also returns, empty, when a cookie came by: whoever waits for it will want to know. */
  List<Mark> take(Duration timeout, int maxMarks) throws IOException {
    lock.lock();
    try {
      await(timeout);
      woken = false;
      List<Mark> taken = new ArrayList<>();
      if (everything != null) {
        taken.add(new Mark.Everything(everything));
        everything = null;
        delivered = added;
        pass();
      } else if (failure != null) {
        throw new IOException(failure.getMessage(), failure);
      }
      takePending(taken, maxMarks);
      return taken;
    } finally {
      lock.unlock();
    }
  }

  private void await(Duration timeout) throws IOException {
    long nanos = timeout.toNanos();
    long passedBefore = passed;
    try {
      while (pending.isEmpty()
          && everything == null
          && failure == null
          && !woken
          && passed == passedBefore
          && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for changes", interrupted);
    }
  }

  private void takePending(List<Mark> taken, int maxMarks) {
    Iterator<Mark> marks = pending.iterator();
    while (marks.hasNext() && taken.size() < maxMarks) {
      taken.add(marks.next());
      marks.remove();
      delivered++;
    }
    pass();
  }

  private void pass() {
    if (everything != null) {
      return;
    }
    while (!cookies.isEmpty() && cookies.getFirst().marks() <= delivered) {
      passed = Math.max(passed, cookies.removeFirst().token());
    }
  }
}

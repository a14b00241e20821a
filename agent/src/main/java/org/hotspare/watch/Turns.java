package org.hotspare.watch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hotspare.tree.EntryId;

/**
 * The directories that raise no events, listed in turn at a bounded share of the time: after a
 * batch that took t to look at, the next comes no sooner than t (1 - share) / share later, and a
 * round starts no sooner than {@code minRoundNanos} after the one before. Whoever waits for a
 * cookie pays for a round at a higher share. Pure: the time is an input. Not for several threads at
 * once.
 */
final class Turns {
  private static final double SHARE = 0.1;
  private static final double SHARE_WHEN_WAITED_FOR = 0.5;
  private static final int MAX_BATCH = 64;
  private static final long GONE = 0;

  private final long minRoundNanos;

  /** In order; those before {@code next} had their turn in this round. Removed ones are GONE. */
  private long[] ids = new long[16];

  private int end;
  private int next;

  /** Where each id is, plus one. */
  private final LongTable places = new LongTable();

  private long roundStart;
  private long lastRoundNanos;
  private long notBefore;

  /** The largest token that asked for a round, the one this round is for, and the last done. */
  private long asked;

  private long running;
  private long passed;

  Turns(long minRoundNanos, long now) {
    this.minRoundNanos = minRoundNanos;
    this.roundStart = now;
    this.notBefore = now;
  }

  int size() {
    return places.size();
  }

  long lastRoundNanos() {
    return lastRoundNanos;
  }

  void add(EntryId id) {
    if (places.get(id.value()) != LongTable.ABSENT) {
      return;
    }
    if (end == ids.length) {
      ids = Arrays.copyOf(ids, end * 2);
    }
    ids[end++] = id.value();
    places.put(id.value(), end);
  }

  void remove(EntryId id) {
    long place = places.remove(id.value());
    if (place != LongTable.ABSENT) {
      ids[(int) place - 1] = GONE;
    }
  }

  /** Wants a whole round from now on. */
  void ask(long token) {
    asked = Math.max(asked, token);
  }

  /** The largest token whose round is over; nothing to poll is a round, too. */
  long passed() {
    return size() == 0 ? Math.max(passed, asked) : passed;
  }

  /**
   * How long until {@link #take} may give something; {@code Long.MAX_VALUE} if there is nothing.
   */
  long nanosToWait(long now) {
    if (size() == 0) {
      return Long.MAX_VALUE;
    }
    boolean waitedFor = asked > passed;
    long start = next == 0 && !waitedFor ? roundStart + minRoundNanos : notBefore;
    return Math.max(0, Math.max(start, notBefore) - now);
  }

  /** The next in turn, at most {@code max}; none before it is time. */
  List<Mark> take(int max, long now) {
    List<Mark> taken = new ArrayList<>();
    if (nanosToWait(now) > 0) {
      return taken;
    }
    if (asked > passed && running <= passed) {
      // The cookie's round starts here, wherever the last one was.
      compact(next);
      running = asked;
      roundStart = now;
    } else if (next == 0) {
      compact(0);
      roundStart = now;
    }
    while (next < end && taken.size() < Math.min(max, MAX_BATCH)) {
      long id = ids[next++];
      if (id != GONE) {
        taken.add(new Mark.Listing(new EntryId(id)));
      }
    }
    if (next == end) {
      next = 0;
      lastRoundNanos = now - roundStart;
      passed = Math.max(passed, running);
    }
    return taken;
  }

  /** The last batch took this long to look at. */
  void took(long nanos, long now) {
    double share = asked > passed ? SHARE_WHEN_WAITED_FOR : SHARE;
    notBefore = now + (long) (nanos * (1 - share) / share);
  }

  /** Leaves out who is gone, and starts over with the one at {@code first}. */
  private void compact(int first) {
    long[] kept = new long[Math.max(16, size() + size() / 4)];
    int count = 0;
    for (int i = 0; i < end; i++) {
      int from = first + i < end ? first + i : first + i - end;
      if (ids[from] != GONE) {
        kept[count++] = ids[from];
        places.put(ids[from], count);
      }
    }
    ids = kept;
    end = count;
    next = 0;
  }
}

package org.hotspare.watch;

import java.util.Arrays;

/**
 * A hash table from long to positive long, in 16 bytes a slot: a watcher keeps two rows for each of
 * possibly millions of directories. Not for several threads at once.
 */
final class LongTable {
  /** What {@link #get} answers for a key that is not there. */
  static final long ABSENT = 0;

  private static final int MIN_SLOTS = 16;

  private long[] keys = new long[MIN_SLOTS];

  /** {@link #ABSENT} where the slot is free. */
  private long[] values = new long[MIN_SLOTS];

  private int size;

  int size() {
    return size;
  }

  long get(long key) {
    return values[find(key)];
  }

  /**
   * @param value positive
   * @return the value before, or {@link #ABSENT}
   */
  long put(long key, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException("not a positive value: " + value);
    }
    if ((size + 1) * 4L > keys.length * 3L) {
      resize(keys.length * 2);
    }
    int slot = find(key);
    long before = values[slot];
    keys[slot] = key;
    values[slot] = value;
    size += before == ABSENT ? 1 : 0;
    return before;
  }

  /**
   * @return the value before, or {@link #ABSENT}
   */
  long remove(long key) {
    int slot = find(key);
    long before = values[slot];
    if (before != ABSENT) {
      size--;
      closeGap(slot);
      if (keys.length > MIN_SLOTS && size * 8L < keys.length) {
        resize(keys.length / 2);
      }
    }
    return before;
  }

  void clear() {
    keys = new long[MIN_SLOTS];
    values = new long[MIN_SLOTS];
    size = 0;
  }

  /** The slot of the key, or the free one where it would go. */
  private int find(long key) {
    int slot = home(key);
    while (values[slot] != ABSENT && keys[slot] != key) {
      slot = slot + 1 & keys.length - 1;
    }
    return slot;
  }

  private int home(long key) {
    long mixed = (key ^ key >>> 32) * 0x9e3779b97f4a7c15L;
    return (int) (mixed >>> 32) & keys.length - 1;
  }

  /** Moves up what a search would no longer reach across the freed slot. */
  private void closeGap(int freed) {
    int gap = freed;
    int slot = freed;
    while (true) {
      slot = slot + 1 & keys.length - 1;
      if (values[slot] == ABSENT) {
        break;
      }
      int distanceFromHome = slot - home(keys[slot]) & keys.length - 1;
      int distanceFromGap = slot - gap & keys.length - 1;
      if (distanceFromHome >= distanceFromGap) {
        keys[gap] = keys[slot];
        values[gap] = values[slot];
        gap = slot;
      }
    }
    values[gap] = ABSENT;
  }

  private void resize(int slots) {
    long[] oldKeys = keys;
    long[] oldValues = values;
    keys = new long[slots];
    values = new long[slots];
    Arrays.fill(values, ABSENT);
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldValues[i] != ABSENT) {
        int slot = find(oldKeys[i]);
        keys[slot] = oldKeys[i];
        values[slot] = oldValues[i];
      }
    }
  }
}

package org.hotspare.tree;

import java.nio.ByteBuffer;

/**
 * The identity of an inode in a mirror: given by the primary, the same on all nodes, never used
 * again. The value packs the epoch in which it was given (23 bits) over a counter (40 bits), so
 * that it fits an SQLite row id.
 */
public record EntryId(long value) implements Comparable<EntryId> {
  /** The root directory of a mirror, on every node. */
  public static final EntryId ROOT = new EntryId(1);

  public static final int COUNTER_BITS = 40;
  public static final long MAX_COUNTER = (1L << COUNTER_BITS) - 1;

  public EntryId {
    if (value <= 0) {
      throw new IllegalArgumentException("not an entry id: " + value);
    }
  }

  public static EntryId of(long epoch, long counter) {
    if (epoch < 0 || epoch > Position.MAX_EPOCH || counter < 0 || counter > MAX_COUNTER) {
      throw new IllegalArgumentException("not an entry id: " + epoch + "." + counter);
    }
    return new EntryId(epoch << COUNTER_BITS | counter);
  }

  /** The id that these bytes begin with: the inverse of {@link #toBytes}. */
  public static EntryId of(Bytes bytes) {
    return new EntryId(ByteBuffer.wrap(bytes.array()).getLong());
  }

  /** Eight bytes, in the order of ids: the key of what is noted about an entry. */
  public Bytes toBytes() {
    return Bytes.wrap(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
  }

  public long epoch() {
    return value >>> COUNTER_BITS;
  }

  public long counter() {
    return value & MAX_COUNTER;
  }

  @Override
  public int compareTo(EntryId other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return epoch() + "." + counter();
  }
}

package org.hotspare.tree;

/**
 * A place in the order of changes of one mirror: the primary of {@code epoch} gave a change the
 * number {@code sequence}. Ordered by epoch, then by sequence.
 */
public record Position(long epoch, long sequence) implements Comparable<Position> {
  public static final int SEQUENCE_BITS = 40;
  public static final long MAX_SEQUENCE = (1L << SEQUENCE_BITS) - 1;
  public static final long MAX_EPOCH = (1L << (63 - SEQUENCE_BITS)) - 1;

  /** Before every change. */
  public static final Position NONE = new Position(0, 0);

  public Position {
    if (epoch < 0 || epoch > MAX_EPOCH || sequence < 0 || sequence > MAX_SEQUENCE) {
      throw new IllegalArgumentException("not a position: " + epoch + "/" + sequence);
    }
  }

  /** Epoch and sequence in one number whose order is that of the positions. */
  public long packed() {
    return epoch << SEQUENCE_BITS | sequence;
  }

  /**
   * @throws IllegalArgumentException if the number is negative
   */
  public static Position unpack(long packed) {
    return new Position(packed >> SEQUENCE_BITS, packed & MAX_SEQUENCE);
  }

  public boolean isAfter(Position other) {
    return packed() > other.packed();
  }

  @Override
  public int compareTo(Position other) {
    return Long.compare(packed(), other.packed());
  }

  @Override
  public String toString() {
    return epoch + "/" + sequence;
  }
}

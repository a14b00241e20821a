package org.hotspare.wire;

/**
 * A token bucket: how long to wait before sending, so that all links that share the limit stay
 * within it together. Pure arithmetic on the caller's clock; any thread.
 */
public final class RateLimit {
  private static final long SECOND_NANOS = 1_000_000_000L;

  /** Unused time is kept for so long. */
  static final long BURST_NANOS = SECOND_NANOS / 10;

  /** A slower link would look dead to the other side between two chunks. */
  static final long SLOWEST_BYTES_PER_SECOND = 4 << 10;

  private static final int LARGEST_CHUNK = 128 << 10;
  private static final int SMALLEST_CHUNK = 1 << 10;

  private long bytesPerSecond;
  private boolean used;
  private long paidUntilNanos;

  private RateLimit(long bytesPerSecond) {
    this.bytesPerSecond = atLeastSlowest(bytesPerSecond);
  }

  private static long atLeastSlowest(long bytesPerSecond) {
    return bytesPerSecond == 0 ? 0 : Math.max(bytesPerSecond, SLOWEST_BYTES_PER_SECOND);
  }

  /** A limit of its own that never waits, unless it is changed later. */
  public static RateLimit none() {
    return new RateLimit(0);
  }

  /**
   * At least 4 KiB a second, whatever is asked for.
   *
   * @throws IllegalArgumentException if the rate is not positive
   */
  public static RateLimit of(long bytesPerSecond) {
    if (bytesPerSecond <= 0) {
      throw new IllegalArgumentException("not a rate: " + bytesPerSecond);
    }
    return new RateLimit(bytesPerSecond);
  }

  /** From now on; 0 for no limit. */
  public synchronized void change(long newBytesPerSecond) {
    if (newBytesPerSecond < 0) {
      throw new IllegalArgumentException("not a rate: " + newBytesPerSecond);
    }
    bytesPerSecond = atLeastSlowest(newBytesPerSecond);
    used = false;
  }

  /** How much to send at a time, so that a slow link is used evenly. */
  synchronized int chunkBytes() {
    return bytesPerSecond == 0
        ? LARGEST_CHUNK
        : Math.clamp(bytesPerSecond / 20, SMALLEST_CHUNK, LARGEST_CHUNK);
  }

  /**
   * Takes {@code bytes} from the bucket.
   *
   * @param nowNanos of any clock that only goes forward, the same at every call
   * @return the nanoseconds to wait before they may be sent
   */
  synchronized long reserve(int bytes, long nowNanos) {
    if (bytesPerSecond == 0) {
      return 0;
    }
    long earliest = nowNanos - BURST_NANOS;
    if (!used || earliest - paidUntilNanos > 0) {
      paidUntilNanos = earliest;
      used = true;
    }
    paidUntilNanos += (long) ((double) bytes * SECOND_NANOS / bytesPerSecond);
    return Math.max(0, paidUntilNanos - nowNanos);
  }
}

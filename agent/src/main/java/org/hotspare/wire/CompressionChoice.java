package org.hotspare.wire;

import java.util.function.Supplier;

/**
 * Decides whether compressing a payload makes it arrive earlier, from what the link and the codec
 * achieved so far. One for each link; any thread.
 *
 * <p>A byte that is compressed costs the codec's time and then, on the link, only its share: that
 * pays where {@code 1/codec + ratio/link < 1/link}. The link's speed is that of being blocked in
 * writing, the bandwidth limit included: a link that never makes its writer wait looks fast, and
 * nothing would be gained on it.
 */
final class CompressionChoice {
  /** Smaller payloads are left alone. */
  static final int SMALLEST_BYTES = 4 << 10;

  /** A sample has to shrink to this share at least. */
  static final double WORTHWHILE_RATIO = 0.8;

  /** What the link achieves is believed after so many bytes. */
  static final long BELIEVED_BYTES = 1 << 20;

  // What zstd's level 1 does on one core of a small server, until this one has been measured.
  private static final double CODEC_BYTES_PER_SECOND = 300e6;

  /** Of every payload that goes as it is because the codec looks slow, this share counts for it. */
  private static final int RECOVERY_SHARE = 16;

  private final Supplier<CompressionMode> mode;
  private final Throughput link = new Throughput(0, 0);
  private final Throughput codec = new Throughput(BELIEVED_BYTES, assumedNanos(BELIEVED_BYTES));

  CompressionChoice(Supplier<CompressionMode> mode) {
    this.mode = mode;
  }

  private static long assumedNanos(long bytes) {
    return (long) (bytes / CODEC_BYTES_PER_SECOND * 1e9);
  }

  /** Whether the sample of such a payload is worth its time. */
  synchronized boolean worthSampling(int payloadBytes) {
    return switch (mode.get()) {
      case OFF -> false;
      case ON -> payloadBytes >= SMALLEST_BYTES;
      case AUTO -> payloadBytes >= SMALLEST_BYTES && linkIsSlower(payloadBytes);
    };
  }

  private boolean linkIsSlower(int payloadBytes) {
    if (link.bytes < BELIEVED_BYTES) {
      return false;
    }
    boolean slower = link.bytesPerSecond() < codec.bytesPerSecond();
    if (!slower) {
      // What is not used is not measured: a codec that was slow once, while the machine was busy,
      // gets the benefit of the doubt in time.
      int share = payloadBytes / RECOVERY_SHARE;
      codec.add(share, assumedNanos(share));
    }
    return slower;
  }

  /** Whether the whole payload is worth it, after a sample of it shrank to {@code packedBytes}. */
  synchronized boolean worthPacking(int sampleBytes, int packedBytes) {
    double ratio = (double) packedBytes / sampleBytes;
    return switch (mode.get()) {
      case OFF -> false;
      case ON -> ratio < 1;
      case AUTO ->
          ratio <= WORTHWHILE_RATIO
              && 1 / codec.bytesPerSecond() + ratio / link.bytesPerSecond()
                  < 1 / link.bytesPerSecond();
    };
  }

  synchronized void packed(int bytes, long nanos) {
    codec.add(bytes, nanos);
  }

  synchronized void written(int bytes, long nanos) {
    link.add(bytes, nanos);
  }

  /** Bytes over time, where what is long ago counts less. */
  private static final class Throughput {
    private static final long MEMORY_BYTES = 64 << 20;
    private static final long MEMORY_NANOS = 4_000_000_000L;

    private long bytes;
    private long nanos;

    Throughput(long bytes, long nanos) {
      this.bytes = bytes;
      this.nanos = nanos;
    }

    void add(long moreBytes, long moreNanos) {
      bytes += moreBytes;
      nanos += moreNanos;
      if (bytes > MEMORY_BYTES || (nanos > MEMORY_NANOS && bytes > 2 * BELIEVED_BYTES)) {
        bytes /= 2;
        nanos /= 2;
      }
    }

    double bytesPerSecond() {
      return bytes * 1e9 / Math.max(1, nanos);
    }
  }
}

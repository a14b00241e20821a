package org.hotspare.wire;

import com.github.luben.zstd.Zstd;
import java.nio.ByteBuffer;

/** Compresses payloads with zstd where {@link CompressionChoice} says so. */
final class ZstdPacker implements PayloadPacker {
  private static final int LEVEL = 1;
  private static final int SLICES = 3;
  private static final int SLICE_BYTES = 4 << 10;

  static {
    // Loads the native library, which takes long enough to spoil the first measurement.
    Zstd.compress(new byte[SLICE_BYTES], LEVEL);
  }

  private final CompressionChoice choice;

  ZstdPacker(CompressionChoice choice) {
    this.choice = choice;
  }

  @Override
  public ByteBuffer pack(ByteBuffer payload) {
    int length = payload.remaining();
    if (!choice.worthSampling(length)) {
      return payload;
    }
    byte[] content = new byte[length];
    payload.get(payload.position(), content);
    byte[] sample = sample(content);
    if (!choice.worthPacking(sample.length, Zstd.compress(sample, LEVEL).length)) {
      return payload;
    }
    long started = System.nanoTime();
    byte[] packed = Zstd.compress(content, LEVEL);
    choice.packed(length, System.nanoTime() - started);
    return packed.length < length ? ByteBuffer.wrap(packed) : payload;
  }

  /** From the beginning, the middle and the end. */
  private static byte[] sample(byte[] content) {
    if (content.length <= SLICES * SLICE_BYTES) {
      return content;
    }
    byte[] sample = new byte[SLICES * SLICE_BYTES];
    for (int i = 0; i < SLICES; i++) {
      int from = (int) ((long) (content.length - SLICE_BYTES) * i / (SLICES - 1));
      System.arraycopy(content, from, sample, i * SLICE_BYTES, SLICE_BYTES);
    }
    return sample;
  }
}

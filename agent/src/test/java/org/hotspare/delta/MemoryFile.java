package org.hotspare.delta;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A file in memory with holes in whole units, that counts what is read of it. */
final class MemoryFile implements ContentSource {
  record Hole(long start, long end) {}

  final byte[] bytes;
  final List<Hole> holes = new ArrayList<>();
  long bytesRead;

  MemoryFile(byte[] bytes) {
    this.bytes = bytes;
  }

  static MemoryFile random(int size, Random random) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return new MemoryFile(bytes);
  }

  /** Makes a hole past those that exist. */
  MemoryFile hole(int start, int end) {
    Arrays.fill(bytes, start, end, (byte) 0);
    holes.add(new Hole(start, end));
    return this;
  }

  long layout() {
    Layout.Builder layout = new Layout.Builder(bytes.length);
    holes.forEach(hole -> layout.hole(hole.start, hole.end - hole.start));
    return layout.identity();
  }

  Signature signature(int blockSize, boolean weakSums) {
    SignatureBuilder builder = new SignatureBuilder(blockSize, weakSums);
    builder.update(bytes, 0, bytes.length);
    return builder.finish();
  }

  @Override
  public int read(ByteBuffer target, long offset) throws IOException {
    if (offset >= bytes.length) {
      return -1;
    }
    int length = Math.min(target.remaining(), bytes.length - (int) offset);
    target.put(bytes, (int) offset, length);
    bytesRead += length;
    return length;
  }

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public long nextHole(long offset) {
    return holes.stream()
        .filter(hole -> hole.end > offset)
        .mapToLong(hole -> Math.max(hole.start, offset))
        .findFirst()
        .orElse(bytes.length);
  }

  @Override
  public long nextData(long offset) {
    long at = offset;
    for (Hole hole : holes) {
      if (hole.start <= at && at < hole.end) {
        at = hole.end;
      }
    }
    return at;
  }
}

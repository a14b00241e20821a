package org.hotspare.delta;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Gives steps to a sink: joins neighbours, cuts literals into pieces of at most {@link
 * DeltaEncoder#LONGEST_LITERAL} and copies where the new content passes a multiple of {@link
 * DeltaEncoder#LONGEST_COPY}, and leaves out the holes that were announced.
 */
final class StepWriter {
  private record Hole(long start, long end) {}

  private final DeltaSink sink;
  private final ArrayDeque<Hole> holes = new ArrayDeque<>();
  private long offset;
  private long literalBytes;
  private long copiedBytes;

  // A copy or a hole that may go on; it ends at the offset.
  private long pendingLength;
  private long pendingSource;
  private static final long HOLE = -1;

  StepWriter(DeltaSink sink) {
    this.sink = sink;
  }

  /** Up to where the file is covered. */
  long offset() {
    return offset;
  }

  long literalBytes() {
    return literalBytes;
  }

  long copiedBytes() {
    return copiedBytes;
  }

  /** Announces a hole past all that were announced. */
  void expectHole(long start, long end) {
    if (start < end) {
      holes.add(new Hole(start, end));
    }
  }

  void hole(long end) throws IOException {
    extend(HOLE, end - offset);
  }

  /** Covers the file up to {@code end} with what stands at {@code source} of the base. */
  void copy(long source, long end) throws IOException {
    long shift = source - offset;
    while (offset < end) {
      long dataEnd = skipHole(end);
      if (offset < dataEnd) {
        long length = Math.min(dataEnd - offset, toCopyBorder());
        copiedBytes += length;
        extend(offset + shift, length);
        if (toCopyBorder() == DeltaEncoder.LONGEST_COPY) {
          flush();
        }
      }
    }
  }

  /** Blocks begin at these borders, whatever their size: so none is copied in halves. */
  private long toCopyBorder() {
    return DeltaEncoder.LONGEST_COPY - offset % DeltaEncoder.LONGEST_COPY;
  }

  /** Covers the file up to {@code end} with {@code bytes}, of which the first stands at 0. */
  void literal(byte[] bytes, long bytesOffset, long end) throws IOException {
    while (offset < end) {
      long dataEnd = skipHole(end);
      while (offset < dataEnd) {
        flush();
        int length = (int) Math.min(dataEnd - offset, DeltaEncoder.LONGEST_LITERAL);
        sink.literal(offset, ByteBuffer.wrap(bytes, (int) (offset - bytesOffset), length));
        literalBytes += length;
        offset += length;
      }
    }
  }

  /**
   * Writes the hole at the offset, if there is one.
   *
   * @return where the data that follows it ends, {@code end} at most
   */
  private long skipHole(long end) throws IOException {
    Hole hole = holes.peek();
    while (hole != null && hole.end <= offset) {
      holes.remove();
      hole = holes.peek();
    }
    if (hole == null) {
      return end;
    }
    if (hole.start <= offset) {
      hole(Math.min(hole.end, end));
      return offset;
    }
    return Math.min(hole.start, end);
  }

  private void extend(long source, long length) throws IOException {
    boolean continues =
        source == HOLE
            ? pendingSource == HOLE
            : pendingSource != HOLE && pendingSource + pendingLength == source;
    if (pendingLength > 0 && !continues) {
      flush();
    }
    if (pendingLength == 0) {
      pendingSource = source;
    }
    pendingLength += length;
    offset += length;
  }

  /** Hands on what was kept back to be joined. */
  void flush() throws IOException {
    if (pendingLength > 0) {
      long start = offset - pendingLength;
      if (pendingSource == HOLE) {
        sink.hole(start, pendingLength);
      } else {
        sink.copy(start, pendingSource, pendingLength);
      }
      pendingLength = 0;
    }
  }
}

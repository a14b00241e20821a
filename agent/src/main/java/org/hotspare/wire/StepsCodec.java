package org.hotspare.wire;

import java.util.ArrayList;
import java.util.List;
import org.hotspare.delta.DeltaOp;
import org.hotspare.wire.proto.Steps;

/**
 * Steps of a delta in frame headers, and the counting of what they take: a frame's literals have
 * exactly the bytes of its payload.
 */
final class StepsCodec {
  private static final int LITERAL = 1;
  private static final int COPY = 2;
  private static final int HOLE = 3;

  private long literalBytes;
  private int steps;

  /** The bytes of all literals so far. */
  long literalBytes() {
    return literalBytes;
  }

  /**
   * @throws IllegalArgumentException if the steps are empty, overlap or leave gaps
   */
  Steps encode(List<DeltaOp> ops) {
    Steps.Builder encoded = Steps.newBuilder();
    if (ops.isEmpty()) {
      return encoded.build();
    }
    long at = ops.getFirst().offset();
    encoded.setOffset(at);
    for (DeltaOp op : ops) {
      if (op.offset() != at || at < 0 || op.length() <= 0 || op.length() > Long.MAX_VALUE - at) {
        throw new IllegalArgumentException(op + " does not continue at " + at);
      }
      at += op.length();
      encoded.addLength(op.length());
      switch (op) {
        case DeltaOp.Literal literal -> {
          encoded.addKind(LITERAL);
          literalBytes += literal.length();
        }
        case DeltaOp.Copy copy -> {
          if (copy.source() < 0 || copy.length() > Long.MAX_VALUE - copy.source()) {
            throw new IllegalArgumentException(copy + " is no range");
          }
          encoded.addKind(COPY).addSource(copy.source());
        }
        case DeltaOp.Hole hole -> encoded.addKind(HOLE);
      }
    }
    steps += ops.size();
    if (steps > Bounds.STEPS) {
      throw new IllegalArgumentException("more than " + Bounds.STEPS + " steps in a frame");
    }
    return encoded.build();
  }

  List<DeltaOp> decode(Steps encoded) throws ProtocolException {
    int count = encoded.getKindCount();
    steps += count;
    if (steps > Bounds.STEPS) {
      throw new ProtocolException("more than " + Bounds.STEPS + " steps in a frame");
    }
    if (encoded.getLengthCount() != count) {
      throw new ProtocolException(
          count + " kinds of steps with " + encoded.getLengthCount() + " lengths");
    }
    List<DeltaOp> ops = new ArrayList<>(count);
    long at = encoded.getOffset();
    int copies = 0;
    for (int i = 0; i < count; i++) {
      long length = encoded.getLength(i);
      if (at < 0 || length <= 0 || length > Long.MAX_VALUE - at) {
        throw new ProtocolException("a step of " + length + " bytes at " + at);
      }
      switch (encoded.getKind(i)) {
        case LITERAL -> {
          ops.add(new DeltaOp.Literal(at, length));
          countLiteral(length);
        }
        case COPY -> ops.add(copy(encoded, copies++, at, length));
        case HOLE -> ops.add(new DeltaOp.Hole(at, length));
        default -> throw new ProtocolException("a step of unknown kind " + encoded.getKind(i));
      }
      at += length;
    }
    if (copies != encoded.getSourceCount()) {
      throw new ProtocolException(copies + " copies with " + encoded.getSourceCount() + " sources");
    }
    return ops;
  }

  private void countLiteral(long length) throws ProtocolException {
    // Both are at most the payload's bound here, so that the sum cannot overflow.
    if (length > Bounds.PAYLOAD_BYTES || literalBytes + length > Bounds.PAYLOAD_BYTES) {
      throw new ProtocolException("literals of more than " + Bounds.PAYLOAD_BYTES + " bytes");
    }
    literalBytes += length;
  }

  private static DeltaOp.Copy copy(Steps encoded, int index, long at, long length)
      throws ProtocolException {
    if (index >= encoded.getSourceCount()) {
      throw new ProtocolException("a copy without a source");
    }
    long source = encoded.getSource(index);
    if (source < 0 || length > Long.MAX_VALUE - source) {
      throw new ProtocolException("a copy of " + length + " bytes from " + source);
    }
    return new DeltaOp.Copy(at, source, length);
  }
}

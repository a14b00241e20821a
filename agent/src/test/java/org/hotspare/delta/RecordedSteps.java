package org.hotspare.delta;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Steps kept in memory, to be looked at and replayed. */
final class RecordedSteps implements DeltaSink {
  final List<DeltaOp> ops = new ArrayList<>();
  final List<byte[]> literals = new ArrayList<>();

  @Override
  public void literal(long offset, ByteBuffer bytes) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.get(copy);
    ops.add(new DeltaOp.Literal(offset, copy.length));
    literals.add(copy);
  }

  @Override
  public void copy(long offset, long source, long length) {
    ops.add(new DeltaOp.Copy(offset, source, length));
  }

  @Override
  public void hole(long offset, long length) {
    ops.add(new DeltaOp.Hole(offset, length));
  }

  void replay(DeltaSink sink) throws IOException {
    int next = 0;
    for (DeltaOp op : ops) {
      switch (op) {
        case DeltaOp.Literal literal ->
            sink.literal(literal.offset(), ByteBuffer.wrap(literals.get(next++)));
        case DeltaOp.Copy copy -> sink.copy(copy.offset(), copy.source(), copy.length());
        case DeltaOp.Hole hole -> sink.hole(hole.offset(), hole.length());
      }
    }
  }
}

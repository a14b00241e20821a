package org.hotspare.delta;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes the steps of {@link DeltaOp}, ordered by offset and without gaps from 0. */
public interface DeltaSink {
  /** The buffer's remaining bytes stand at {@code offset}. They are valid during the call. */
  void literal(long offset, ByteBuffer bytes) throws IOException;

  /** {@code length} bytes at {@code offset} are those of the earlier version at {@code source}. */
  void copy(long offset, long source, long length) throws IOException;

  /** A hole of {@code length} bytes. */
  void hole(long offset, long length) throws IOException;
}

package org.hotspare.delta;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads a file at any place. */
public interface PositionalReader {
  /**
   * Reads bytes at {@code offset} into the buffer's remaining room, at least one.
   *
   * @return how many; -1 at the end of the file
   */
  int read(ByteBuffer target, long offset) throws IOException;
}

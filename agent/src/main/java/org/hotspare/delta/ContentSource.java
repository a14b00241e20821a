package org.hotspare.delta;

import java.io.IOException;

/** The new content of a file, as {@link DeltaEncoder} reads it. */
public interface ContentSource extends PositionalReader {
  /** In bytes. What is appended later is not read. */
  long size() throws IOException;

  /**
   * The first offset at or after {@code offset} that lies in a hole, as {@code SEEK_HOLE} tells;
   * {@link #size()} or more where none follows, as for every file that has no holes.
   */
  long nextHole(long offset) throws IOException;

  /**
   * The first offset at or after {@code offset} that holds data, as {@code SEEK_DATA} tells; {@link
   * #size()} or more where none follows.
   */
  long nextData(long offset) throws IOException;
}

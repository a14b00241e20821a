package org.hotspare.delta;

/**
 * One step in making a file's new content. A list of them is ordered by offset and covers the file
 * without gaps.
 */
public sealed interface DeltaOp {
  /** Where in the new content the step writes, in bytes. */
  long offset();

  /** How many bytes of the new content the step makes. */
  long length();

  /** New bytes, which travel beside the operations in their order. */
  record Literal(long offset, long length) implements DeltaOp {}

  /** Bytes of the earlier version, from its offset {@code source}. */
  record Copy(long offset, long source, long length) implements DeltaOp {}

  /** A hole: reads as zeros and takes no room. */
  record Hole(long offset, long length) implements DeltaOp {}
}

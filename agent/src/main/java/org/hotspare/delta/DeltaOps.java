package org.hotspare.delta;

import java.util.List;

/** Checks steps that came from a peer before anything is done with them. */
public final class DeltaOps {
  private DeltaOps() {}

  /**
   * Holds that the steps cover a file of {@code size} bytes from 0, in order and without gaps, and
   * copy nothing from outside the earlier version's {@code baseSize} bytes.
   */
  public static void check(List<DeltaOp> ops, long size, long baseSize)
      throws InvalidDeltaException {
    long end = checkPart(ops, 0, size, baseSize);
    if (end != size) {
      throw new InvalidDeltaException("steps end at " + end + " of " + size + " bytes");
    }
  }

  /**
   * The same for a part of the steps that begins at {@code from} and may end before {@code size}.
   *
   * @return where it ends
   */
  public static long checkPart(List<DeltaOp> ops, long from, long size, long baseSize)
      throws InvalidDeltaException {
    long at = from;
    for (DeltaOp op : ops) {
      check(op, at, size, baseSize);
      at += op.length();
    }
    return at;
  }

  /** Holds that the step begins at {@code at} and stays within the file and the earlier version. */
  static void check(DeltaOp op, long at, long size, long baseSize) throws InvalidDeltaException {
    if (op.offset() != at || op.length() <= 0 || op.length() > size - at) {
      throw new InvalidDeltaException(op + " does not continue at " + at + " of " + size);
    }
    switch (op) {
      case DeltaOp.Copy copy -> {
        if (copy.source() < 0 || copy.length() > baseSize - copy.source()) {
          throw new InvalidDeltaException(copy + " is outside a base of " + baseSize);
        }
      }
      case DeltaOp.Literal literal -> {}
      case DeltaOp.Hole hole -> {}
    }
  }
}

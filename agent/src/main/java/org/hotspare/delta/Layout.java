package org.hotspare.delta;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.hotspare.tree.Digest;
import org.jspecify.annotations.Nullable;

/**
 * Identifies in 64 bits which ranges of a file are holes, so that two files can be compared for it
 * without listing them. Not proof against someone who looks for collisions: a file's content is
 * covered by its digest, holes are only about the room it takes.
 */
public final class Layout {
  /** A file without holes. */
  public static final long NONE = 0;

  /** Holes are counted in units of this many bytes, the block of most filesystems. */
  public static final int UNIT = 4096;

  private Layout() {}

  /** The offset of the first whole unit at or after {@code offset}. */
  static long ceil(long offset) {
    return Math.ceilDiv(offset, UNIT) * UNIT;
  }

  /** The offset of the last whole unit's end at or before {@code offset}. */
  static long floor(long offset) {
    return offset & -UNIT;
  }

  /** Takes the holes of one file in their order. */
  public static final class Builder {
    private final long size;
    private @Nullable MessageDigest hash;
    private long from;
    private long to;

    /** For a file of {@code size} bytes. */
    public Builder(long size) {
      this.size = size;
    }

    /**
     * Adds a hole. Only whole units of it count, at the end of the file also a last part of one;
     * holes that touch are one.
     *
     * @throws IllegalArgumentException if it begins before the end of the one before it
     */
    public Builder hole(long offset, long length) {
      if (offset < to || length < 0 || length > size - offset) {
        throw new IllegalArgumentException(
            "a hole at " + offset + " of " + length + " bytes after one that ends at " + to);
      }
      long start = ceil(offset);
      long end = offset + length == size ? size : floor(offset + length);
      if (start >= end) {
        return this;
      }
      if (start != to || from == to) {
        add();
        from = start;
      }
      to = end;
      return this;
    }

    private void add() {
      if (from < to) {
        MessageDigest current = hash == null ? Digest.newHash() : hash;
        current.update(ByteBuffer.allocate(16).putLong(from).putLong(ceil(to) - from).flip());
        hash = current;
      }
    }

    /** The identity of the holes given so far; {@link #NONE} where there are none. */
    public long identity() {
      add();
      from = to;
      if (hash == null) {
        return NONE;
      }
      long identity = ByteBuffer.wrap(hash.digest()).getLong();
      return identity == NONE ? 1 : identity;
    }
  }
}

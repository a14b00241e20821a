package org.hotspare.delta;

import java.util.Arrays;

/**
 * Finds blocks of a signature by weak sum. Whoever wrote the file may have chosen blocks whose sums
 * collide, so a place of the table holds a bounded number of blocks; further ones are not found,
 * which costs bandwidth and nothing else.
 */
final class BlockTable {
  private static final int MOST_IN_A_PLACE = 32;
  private static final int NONE = -1;

  private final Signature base;
  private final int shift;
  private final int filterShift;

  private final long[] filter;

  private final int[] heads;
  private final int[] next;

  BlockTable(Signature base) {
    this.base = base;
    int whole = (int) (base.length() / base.blockSize());
    int bits = 32 - Integer.numberOfLeadingZeros(Math.max(whole, 32));
    this.shift = 32 - bits;
    this.filterShift = shift + 2;
    this.filter = new long[1 << (32 - filterShift)];
    this.heads = new int[1 << bits];
    this.next = new int[whole];
    Arrays.fill(heads, NONE);
    for (int block = 0; block < whole; block++) {
      add(block);
    }
  }

  static int mix(int weakSum) {
    return weakSum * 0x9e3779b1;
  }

  /** Two bits: one alone would be set too often by chance. */
  static long bits(int mixed) {
    return 1L << mixed | 1L << (mixed >>> 6);
  }

  private void add(int block) {
    int mixed = mix(base.weakSum(block));
    int place = mixed >>> shift;
    int found = 0;
    for (int other = heads[place]; other != NONE; other = next[other]) {
      found++;
      if (found == MOST_IN_A_PLACE || base.sameDigests(block, other)) {
        return;
      }
    }
    next[block] = heads[place];
    heads[place] = block;
    filter[mixed >>> filterShift] |= bits(mixed);
  }

  /**
   * Tells quickly of most sums that no block has them: only where {@link #bits} of the mixed sum
   * are all set in the word at the mixed sum shifted by {@link #filterShift} one may. The search
   * does this in its own loop, since it does nothing else for most bytes.
   */
  long[] filter() {
    return filter;
  }

  int filterShift() {
    return filterShift;
  }

  /** Whether a block has the sum. */
  boolean contains(int weakSum) {
    for (int block = heads[mix(weakSum) >>> shift]; block != NONE; block = next[block]) {
      if (base.weakSum(block) == weakSum) {
        return true;
      }
    }
    return false;
  }

  /** The block with both sums, or -1. */
  int find(int weakSum, byte[] digest) {
    for (int block = heads[mix(weakSum) >>> shift]; block != NONE; block = next[block]) {
      if (base.weakSum(block) == weakSum && base.sameDigest(block, digest)) {
        return block;
      }
    }
    return NONE;
  }
}

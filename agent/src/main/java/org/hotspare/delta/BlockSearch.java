package org.hotspare.delta;

import java.security.MessageDigest;

/**
 * Looks for blocks of a base at every place of new content. The weak sum says where a strong one is
 * worth computing; content made to mislead it is searched less and less: every quarter of a block
 * searched allows for one vain strong sum.
 */
final class BlockSearch {
  private static final long VAIN_AT_FIRST = 256;

  private final Signature base;
  private final int blockSize;
  private final BlockTable table;
  private final long[] filter;
  private final int filterShift;
  private final RollingSum rolling;
  private final MessageDigest hash;
  private long searchedBytes;
  private long vain;
  private int at;
  private int block = -1;

  /** The weak sum of the window that the search is at. */
  private int sum;

  BlockSearch(Signature base, MessageDigest hash) {
    this.base = base;
    this.blockSize = base.blockSize();
    this.table = new BlockTable(base);
    this.filter = table.filter();
    this.filterShift = table.filterShift();
    this.rolling = new RollingSum(blockSize);
    this.hash = hash;
  }

  /** Where the block found last begins in the bytes. */
  int at() {
    return at;
  }

  /** Which block of the base was found last. */
  int block() {
    return block;
  }

  /** Finds the first block of the base that stands in a range; false if none does. */
  boolean find(byte[] bytes, int from, int to) {
    if (to - from < blockSize) {
      return false;
    }
    if (block >= 0 && continues(bytes, from)) {
      at = from;
      return true;
    }
    int last = to - blockSize;
    int place = from;
    sum = RollingSum.of(bytes, from, blockSize);
    while (true) {
      place = skip(bytes, place, last);
      if (place > last) {
        searchedBytes += place - from;
        return false;
      }
      if (matches(bytes, place, place - from)) {
        searchedBytes += place - from + blockSize;
        at = place;
        return true;
      }
      if (place < last) {
        sum = rolling.roll(sum, bytes[place], bytes[place + blockSize]);
      }
      place++;
    }
  }

  /**
   * Whether the block after the one found last stands here, as it mostly does: then there is no
   * need for weak sums.
   */
  private boolean continues(byte[] bytes, int place) {
    int expected = block + 1;
    if (expected >= base.blocks() || base.blockLength(expected) < blockSize) {
      return false;
    }
    hash.update(bytes, place, blockSize);
    boolean found = base.sameDigest(expected, hash.digest());
    block = found ? expected : -1;
    searchedBytes += found ? blockSize : 0;
    return found;
  }

  /**
   * Moves the sum on to the next place that may match, or past the last one. Most of the time of a
   * search is spent here, so all that the loop needs is in local variables.
   */
  private int skip(byte[] bytes, int from, int last) {
    long[] words = filter;
    int shift = filterShift;
    int window = blockSize;
    RollingSum roller = rolling;
    int current = sum;
    int place = from;
    while (place <= last) {
      int mixed = BlockTable.mix(current);
      long wanted = BlockTable.bits(mixed);
      if ((words[mixed >>> shift] & wanted) == wanted) {
        break;
      }
      if (place < last) {
        current = roller.roll(current, bytes[place], bytes[place + window]);
      }
      place++;
    }
    sum = current;
    return place;
  }

  private boolean matches(byte[] bytes, int place, int searched) {
    long allowed = VAIN_AT_FIRST + (searchedBytes + searched) / (blockSize / 4);
    if (vain >= allowed || !table.contains(sum)) {
      return false;
    }
    hash.update(bytes, place, blockSize);
    int found = table.find(sum, hash.digest());
    if (found < 0) {
      vain++;
      return false;
    }
    block = found;
    return true;
  }
}

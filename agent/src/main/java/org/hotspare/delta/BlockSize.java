package org.hotspare.delta;

/**
 * Into how large blocks a file is cut. The size depends on nothing but the file's length, so that
 * the digest of a content is the same wherever and whenever it is computed: a node that lost its
 * signatures gets the same digests by reading its files.
 */
public final class BlockSize {
  /** The block size of every file up to 1 GiB. */
  public static final int SMALLEST = 16 << 10;

  /** The longest file that a signature describes: 64 TiB. */
  public static final long LONGEST_FILE = 64L << 40;

  /** The block size of files from 32 GiB to 4 TiB; past that a signature would outgrow memory. */
  private static final int USUAL_LARGEST = 1 << 20;

  private static final int LARGEST = 16 << 20;
  private static final long USUAL_BLOCKS = 64L << 10;
  static final long MOST_BLOCKS = 4L << 20;

  /** Tests cut small files into small blocks. */
  private static final int SMALLEST_VALID = 256;

  private BlockSize() {}

  /**
   * The block size, a power of two in bytes, for a file of {@code size} bytes: 16 KiB up to 1 GiB,
   * then at most 64 Ki blocks while they are no larger than 1 MiB, then at most 4 Mi blocks.
   *
   * @throws IllegalArgumentException if the size is negative or above {@link #LONGEST_FILE}
   */
  public static int forFile(long size) {
    if (size < 0 || size > LONGEST_FILE) {
      throw new IllegalArgumentException("no block size for a file of " + size + " bytes");
    }
    int blockSize = SMALLEST;
    while (blockSize < USUAL_LARGEST && size > USUAL_BLOCKS * blockSize) {
      blockSize <<= 1;
    }
    while (blockSize < LARGEST && size > MOST_BLOCKS * blockSize) {
      blockSize <<= 1;
    }
    return blockSize;
  }

  static boolean isValid(int blockSize) {
    return blockSize >= SMALLEST_VALID && blockSize <= LARGEST && Integer.bitCount(blockSize) == 1;
  }

  /** How many blocks of {@code blockSize} hold {@code length} bytes; the last may be short. */
  static long blocks(long length, int blockSize) {
    return length / blockSize + (length % blockSize == 0 ? 0 : 1);
  }
}

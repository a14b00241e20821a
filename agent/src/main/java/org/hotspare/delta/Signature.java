package org.hotspare.delta;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;

/**
 * What is remembered of a version of a file to find later what changed in it: the SHA-256 of each
 * block and, where asked for, each block's {@link RollingSum}.
 *
 * <p>The {@link #root()} is the file's digest. It covers the block size, so two digests of the same
 * content are equal only for the same block size; everybody takes {@link BlockSize#forFile} of the
 * file's length.
 */
public final class Signature {
  /** Of an empty file: stands for no earlier version, since nothing can be copied from it. */
  public static final Signature NONE =
      new Signature(BlockSize.SMALLEST, 0, new byte[0], new int[0]);

  private static final byte FORMAT = 1;
  private static final int HEADER_BYTES = 1 + 1 + Integer.BYTES + Long.BYTES;

  private final int blockSize;
  private final long length;
  private final byte[] digests;

  /** Empty where there are none. */
  private final int[] weakSums;

  /** Takes the arrays without copying. */
  Signature(int blockSize, long length, byte[] digests, int[] weakSums) {
    this.blockSize = blockSize;
    this.length = length;
    this.digests = digests;
    this.weakSums = weakSums;
  }

  /** In bytes, a power of two. */
  public int blockSize() {
    return blockSize;
  }

  /** Of the file, in bytes. */
  public long length() {
    return length;
  }

  public int blocks() {
    return digests.length / Digest.BYTES;
  }

  /** Whether moved content can be found with it, not only content at its old place. */
  public boolean hasWeakSums() {
    return weakSums.length > 0;
  }

  /**
   * The digest of the file: of its bytes where they fit in one block; else of the block size (4
   * bytes, big-endian), the length (8 bytes) and the digests of all blocks.
   */
  public Digest root() {
    if (blocks() == 1) {
      return Digest.of(digests);
    }
    MessageDigest hash = Digest.newHash();
    if (length > 0) {
      hash.update(ByteBuffer.allocate(12).putInt(blockSize).putLong(length).flip());
      hash.update(digests);
    }
    return Digest.of(hash.digest());
  }

  /** How many bytes a block has: all but the last have the block size. */
  int blockLength(int block) {
    return (int) Math.min(blockSize, length - (long) block * blockSize);
  }

  int weakSum(int block) {
    return weakSums[block];
  }

  byte[] digests() {
    return digests;
  }

  boolean sameDigest(int block, byte[] digest) {
    int from = block * Digest.BYTES;
    return Arrays.equals(digests, from, from + Digest.BYTES, digest, 0, Digest.BYTES);
  }

  boolean sameDigests(int block, int other) {
    int from = block * Digest.BYTES;
    int otherFrom = other * Digest.BYTES;
    return Arrays.equals(
        digests, from, from + Digest.BYTES, digests, otherFrom, otherFrom + Digest.BYTES);
  }

  /** The form to store: what {@link #parse} reads. */
  public Bytes toBytes() {
    ByteBuffer bytes =
        ByteBuffer.allocate(HEADER_BYTES + digests.length + weakSums.length * Integer.BYTES);
    bytes.put(FORMAT).put((byte) (hasWeakSums() ? 1 : 0)).putInt(blockSize).putLong(length);
    bytes.put(digests);
    bytes.asIntBuffer().put(weakSums);
    return Bytes.wrap(bytes.array());
  }

  /**
   * Reads the stored form.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static Signature parse(Bytes stored) {
    if (stored.length() < HEADER_BYTES) {
      throw new IllegalArgumentException("a signature of " + stored.length() + " bytes");
    }
    ByteBuffer bytes = ByteBuffer.wrap(stored.array());
    byte format = bytes.get();
    byte weak = bytes.get();
    int blockSize = bytes.getInt();
    long length = bytes.getLong();
    if (format != FORMAT || weak < 0 || weak > 1 || !BlockSize.isValid(blockSize)) {
      throw new IllegalArgumentException("not a signature");
    }
    long blocks = length < 0 ? -1 : BlockSize.blocks(length, blockSize);
    long perBlock = Digest.BYTES + (long) weak * Integer.BYTES;
    if (blocks < 0
        || blocks > BlockSize.MOST_BLOCKS
        || bytes.remaining() != blocks * perBlock
        || (blocks == 0 && weak == 1)) {
      throw new IllegalArgumentException(
          "a signature of " + stored.length() + " bytes for a file of " + length);
    }
    byte[] digests = new byte[(int) blocks * Digest.BYTES];
    bytes.get(digests);
    int[] weakSums = new int[weak * (int) blocks];
    bytes.asIntBuffer().get(weakSums);
    return new Signature(blockSize, length, digests, weakSums);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Signature signature
        && blockSize == signature.blockSize
        && length == signature.length
        && Arrays.equals(digests, signature.digests)
        && Arrays.equals(weakSums, signature.weakSums);
  }

  @Override
  public int hashCode() {
    return 31 * Long.hashCode(length) + Arrays.hashCode(digests);
  }

  @Override
  public String toString() {
    return "Signature[" + length + " bytes in blocks of " + blockSize + ", " + root() + "]";
  }
}

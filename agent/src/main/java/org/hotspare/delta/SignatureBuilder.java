package org.hotspare.delta;

import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.hotspare.tree.Digest;

/** Computes a {@link Signature} from the bytes of a file, given in order. For one thread. */
public final class SignatureBuilder {
  private static final byte[] ZEROS = new byte[16 << 10];

  /** The digest of a block of zeros for each block size: holes need no hashing. */
  private static final Map<Integer, byte[]> ZERO_BLOCKS = new ConcurrentHashMap<>();

  private final int blockSize;
  private final boolean weakSums;
  private final MessageDigest hash = Digest.newHash();
  private byte[] digests;
  private int[] sums;
  private int blocks;

  /** How many bytes of the block under way are hashed. */
  private int partial;

  private int partialSum;

  /** Whether the short block under way has its sums already: nothing can follow it. */
  private boolean ended;

  /**
   * @param blockSize in bytes, a power of two (see {@link BlockSize#forFile})
   * @param weakSums whether the signature is to find moved content
   */
  public SignatureBuilder(int blockSize, boolean weakSums) {
    if (!BlockSize.isValid(blockSize)) {
      throw new IllegalArgumentException("not a block size: " + blockSize);
    }
    this.blockSize = blockSize;
    this.weakSums = weakSums;
    this.digests = new byte[Digest.BYTES];
    this.sums = new int[weakSums ? 1 : 0];
  }

  public int blockSize() {
    return blockSize;
  }

  boolean hasWeakSums() {
    return weakSums;
  }

  /** How many bytes were given so far. */
  public long length() {
    return (long) blocks * blockSize + partial;
  }

  /** Adds the buffer's remaining bytes. */
  public void update(ByteBuffer bytes) {
    if (bytes.hasArray()) {
      update(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
      bytes.position(bytes.limit());
      return;
    }
    byte[] chunk = new byte[Math.min(bytes.remaining(), 64 << 10)];
    while (bytes.hasRemaining()) {
      int length = Math.min(bytes.remaining(), chunk.length);
      bytes.get(chunk, 0, length);
      update(chunk, 0, length);
    }
  }

  public void update(byte[] bytes, int from, int length) {
    requireOpen();
    int at = from;
    int end = from + length;
    while (at < end) {
      int taken = Math.min(blockSize - partial, end - at);
      hash.update(bytes, at, taken);
      if (weakSums) {
        partialSum = RollingSum.append(partialSum, bytes, at, taken);
      }
      partial += taken;
      at += taken;
      if (partial == blockSize) {
        closeBlock();
      }
    }
  }

  /** Adds {@code count} zeros; whole blocks of them cost next to nothing. */
  public void updateZeros(long count) {
    long rest = count;
    while (rest > 0) {
      if (partial == 0 && rest >= blockSize) {
        long whole = rest / blockSize;
        addZeroBlocks(whole);
        rest -= whole * blockSize;
      } else {
        int taken = (int) Math.min(Math.min(rest, blockSize - partial), ZEROS.length);
        update(ZEROS, 0, taken);
        rest -= taken;
      }
    }
  }

  private void addZeroBlocks(long count) {
    byte[] digest = ZERO_BLOCKS.computeIfAbsent(blockSize, SignatureBuilder::hashZeros);
    makeRoom(count);
    for (long i = 0; i < count; i++) {
      System.arraycopy(digest, 0, digests, blocks * Digest.BYTES, Digest.BYTES);
      if (weakSums) {
        sums[blocks] = 0;
      }
      blocks++;
    }
  }

  private static byte[] hashZeros(int length) {
    return Digest.newHash().digest(new byte[length]);
  }

  /**
   * Adds a block whose sums are known, at a block's start. A short one can only be the last.
   *
   * @param digest holds its digest at {@code digestAt}
   * @param weakSum is ignored where the signature has none
   */
  void addBlock(byte[] digest, int digestAt, int weakSum, int length) {
    if (partial != 0 || length > blockSize) {
      throw new IllegalStateException("no block starts at " + length());
    }
    makeRoom(1);
    System.arraycopy(digest, digestAt, digests, blocks * Digest.BYTES, Digest.BYTES);
    if (weakSums) {
      sums[blocks] = weakSum;
    }
    if (length == blockSize) {
      blocks++;
    } else {
      partial = length;
      ended = true;
    }
  }

  /** The weak sum to give to {@link #addBlock} with a block. */
  int weakSum(byte[] bytes, int from, int length) {
    return weakSums ? RollingSum.of(bytes, from, length) : 0;
  }

  private void closeBlock() {
    makeRoom(1);
    try {
      hash.digest(digests, blocks * Digest.BYTES, Digest.BYTES);
    } catch (DigestException e) {
      throw new IllegalStateException("room for a digest was made", e);
    }
    if (weakSums) {
      sums[blocks] = partialSum;
    }
    blocks++;
    partial = 0;
    partialSum = 0;
  }

  private void makeRoom(long count) {
    requireOpen();
    long needed = blocks + count;
    if (needed > BlockSize.MOST_BLOCKS) {
      throw new IllegalStateException("a file of more than " + BlockSize.MOST_BLOCKS + " blocks");
    }
    int room = digests.length / Digest.BYTES;
    if (needed > room) {
      int grown = (int) Math.max(needed, Math.min(BlockSize.MOST_BLOCKS, room * 2L));
      digests = Arrays.copyOf(digests, grown * Digest.BYTES);
      if (weakSums) {
        sums = Arrays.copyOf(sums, grown);
      }
    }
  }

  private void requireOpen() {
    if (ended) {
      throw new IllegalStateException("the last block ended at " + length());
    }
  }

  /** The signature of all that was given. The builder cannot be used afterwards. */
  public Signature finish() {
    long length = length();
    if (ended) {
      blocks++;
    } else if (partial > 0) {
      closeBlock();
    }
    byte[] allDigests = Arrays.copyOf(digests, blocks * Digest.BYTES);
    int[] allSums = weakSums ? Arrays.copyOf(sums, blocks) : sums;
    return new Signature(blockSize, length, allDigests, allSums);
  }
}

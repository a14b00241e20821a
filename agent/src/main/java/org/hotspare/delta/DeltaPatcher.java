package org.hotspare.delta;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.hotspare.tree.Digest;

/**
 * Makes a file's new version from the steps of {@link DeltaEncoder}: checks each step, hands it to
 * the target, which writes, and computes the new signature, whose root the caller compares with
 * what the sender said.
 *
 * <p>Of a copied block that stands on block borders in both versions the sums are taken from the
 * base's signature, so what did not change is not read. That the base's file still is what its
 * signature says, the caller has to know.
 */
public final class DeltaPatcher implements DeltaSink {
  private static final int CHUNK_BYTES = 256 << 10;

  private final Signature base;
  private final PositionalReader reader;
  private final long size;
  private final DeltaSink target;
  private final SignatureBuilder signature;
  private byte[] chunk = new byte[0];

  /**
   * @param base signature of the version that is copied from; {@link Signature#NONE} for none
   * @param reader reads that version
   * @param size of the new version, in bytes
   * @param weakSums whether the new signature has them
   * @param target is given every step after it was checked
   * @throws InvalidDeltaException if no file has that size
   */
  public DeltaPatcher(
      Signature base, PositionalReader reader, long size, boolean weakSums, DeltaSink target)
      throws InvalidDeltaException {
    this(base, reader, size, new SignatureBuilder(blockSize(size), weakSums), target);
  }

  DeltaPatcher(
      Signature base,
      PositionalReader reader,
      long size,
      SignatureBuilder signature,
      DeltaSink target) {
    this.base = base;
    this.reader = reader;
    this.size = size;
    this.signature = signature;
    this.target = target;
  }

  private static int blockSize(long size) throws InvalidDeltaException {
    if (size < 0 || size > BlockSize.LONGEST_FILE) {
      throw new InvalidDeltaException("a file of " + size + " bytes");
    }
    return BlockSize.forFile(size);
  }

  @Override
  public void literal(long offset, ByteBuffer bytes) throws IOException {
    check(new DeltaOp.Literal(offset, bytes.remaining()));
    target.literal(offset, bytes.duplicate());
    signature.update(bytes);
  }

  @Override
  public void hole(long offset, long length) throws IOException {
    check(new DeltaOp.Hole(offset, length));
    target.hole(offset, length);
    signature.updateZeros(length);
  }

  @Override
  public void copy(long offset, long source, long length) throws IOException {
    check(new DeltaOp.Copy(offset, source, length));
    target.copy(offset, source, length);
    long at = source;
    long end = source + length;
    while (at < end) {
      long taken = takeBlock(at, end);
      at += taken > 0 ? taken : hashBase(at, end);
    }
  }

  private void check(DeltaOp op) throws InvalidDeltaException {
    DeltaOps.check(op, signature.length(), size, base.length());
  }

  /** Takes the sums of the base's block at {@code at}, if it is copied whole to a block's place. */
  private int takeBlock(long at, long end) {
    int blockSize = base.blockSize();
    long offset = signature.length();
    boolean usable =
        blockSize == signature.blockSize()
            && (base.hasWeakSums() || !signature.hasWeakSums())
            && at % blockSize == 0
            && offset % blockSize == 0;
    if (!usable) {
      return 0;
    }
    int block = (int) (at / blockSize);
    int length = base.blockLength(block);
    boolean isWhole = end - at >= length && (length == blockSize || offset + length == size);
    if (!isWhole) {
      return 0;
    }
    int weakSum = base.hasWeakSums() ? base.weakSum(block) : 0;
    signature.addBlock(base.digests(), block * Digest.BYTES, weakSum, length);
    return length;
  }

  /** Reads and hashes what is copied, up to where sums can be taken again. */
  private int hashBase(long at, long end) throws IOException {
    if (chunk.length == 0) {
      chunk = new byte[CHUNK_BYTES];
    }
    int blockSize = signature.blockSize();
    long toBorder = blockSize - signature.length() % blockSize;
    int length = (int) Math.min(Math.min(end - at, toBorder), chunk.length);
    int read = reader.read(ByteBuffer.wrap(chunk, 0, length), at);
    if (read <= 0) {
      throw new EOFException("the earlier version ends at " + at + " of " + base.length());
    }
    signature.update(chunk, 0, read);
    return read;
  }

  /**
   * The signature of the new version.
   *
   * @throws InvalidDeltaException if the steps ended before its size
   */
  public Signature finish() throws InvalidDeltaException {
    if (signature.length() != size) {
      throw new InvalidDeltaException(
          "steps end at " + signature.length() + " of " + size + " bytes");
    }
    return signature.finish();
  }
}

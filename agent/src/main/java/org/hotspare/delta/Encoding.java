package org.hotspare.delta;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import org.hotspare.tree.Digest;
import org.jspecify.annotations.Nullable;

/**
 * One run of {@link DeltaEncoder}. The file is taken in stretches of whole blocks. At any time the
 * buffer holds the bytes from where the steps end so far: what the search left of the stretch
 * before, less than a block, then the stretch.
 */
final class Encoding {
  private final Signature base;
  private final int blockSize;
  private final ContentSource content;
  private final int stretch;
  private final byte[] buffer;
  private final SignatureBuilder signature;
  private final StepWriter steps;
  private final HoleCursor holes;
  private final MessageDigest hash = Digest.newHash();
  private @Nullable BlockSearch search;

  /** Where the file ends: less than at first if it shrinks while it is read. */
  private long size;

  /** Whether the stretch before ended in a search: blocks may begin in it and end in the next. */
  private boolean searchGoesOn;

  /** The offset in the file of the first byte in the buffer. */
  private long bufferOffset;

  Encoding(
      Signature base,
      ContentSource content,
      long size,
      int stretch,
      byte[] buffer,
      SignatureBuilder signature,
      DeltaSink sink)
      throws IOException {
    this.base = base;
    this.blockSize = base.blockSize();
    this.content = content;
    this.size = size;
    this.stretch = stretch;
    this.buffer = buffer;
    this.signature = signature;
    this.steps = new StepWriter(sink);
    this.holes = new HoleCursor(content, size);
  }

  DeltaEncoder.Result run(long trusted) throws IOException {
    long expected = size;
    long at = trust(trusted);
    while (at < size) {
      holes.moveTo(at);
      long holeEnd = holes.end() == size ? size : holes.end() & -blockSize;
      if (holes.start() <= at && holeEnd > at) {
        steps.literal(buffer, bufferOffset, at);
        steps.hole(holeEnd);
        signature.updateZeros(holeEnd - at);
        at = holeEnd;
      } else {
        int length = fill(at);
        encode(at, length);
        at += length;
      }
    }
    steps.literal(buffer, bufferOffset, size);
    steps.flush();
    return new DeltaEncoder.Result(
        signature.finish(),
        holes.layout(),
        steps.literalBytes(),
        steps.copiedBytes(),
        size < expected);
  }

  /** Covers the start of the file with what the base has there, unread. */
  private long trust(long end) throws IOException {
    long at = 0;
    while (at < end) {
      holes.moveTo(at);
      long holeStart = Math.min(holes.start(), end);
      steps.copy(at, Math.max(at, holeStart));
      at = Math.max(at, holeStart);
      if (at < end) {
        at = Math.min(holes.end(), end);
        steps.hole(at);
      }
    }
    for (int block = 0; block < end / blockSize; block++) {
      addBaseBlock(block);
    }
    return end;
  }

  private void addBaseBlock(int block) {
    int weakSum = base.hasWeakSums() ? base.weakSum(block) : 0;
    signature.addBlock(base.digests(), block * Digest.BYTES, weakSum, base.blockLength(block));
  }

  /** Reads a stretch from {@code at} that ends at the latest before a block that is all hole. */
  private int fill(long at) throws IOException {
    int kept = (int) (at - steps.offset());
    if (kept > 0) {
      System.arraycopy(buffer, (int) (steps.offset() - bufferOffset), buffer, 0, kept);
    }
    bufferOffset = steps.offset();
    long limit = Math.min(size, at + stretch);
    long offset = at;
    while (offset < limit) {
      holes.moveTo(offset);
      long dataEnd = Math.min(holes.start(), limit);
      if (offset < dataEnd) {
        offset = read(offset, dataEnd);
        if (offset < dataEnd) {
          size = offset;
          break;
        }
      } else {
        long wholeFrom = Math.ceilDiv(offset, blockSize) * (long) blockSize;
        boolean whole = holes.end() == size || holes.end() - wholeFrom >= blockSize;
        limit = whole ? Math.min(limit, wholeFrom) : limit;
        long holeEnd = Math.min(holes.end(), limit);
        int from = (int) (offset - bufferOffset);
        Arrays.fill(buffer, from, from + (int) (holeEnd - offset), (byte) 0);
        steps.expectHole(offset, holeEnd);
        offset = holeEnd;
      }
    }
    return (int) (offset - at);
  }

  /** Reads up to {@code end} and returns where the file ended, if it did before. */
  private long read(long from, long end) throws IOException {
    long at = from;
    while (at < end) {
      int room = (int) (end - at);
      int read = content.read(ByteBuffer.wrap(buffer, (int) (at - bufferOffset), room), at);
      if (read <= 0) {
        break;
      }
      at += read;
    }
    return at;
  }

  private void encode(long at, int length) throws IOException {
    int blocks = Math.ceilDiv(length, blockSize);
    boolean[] same = new boolean[blocks];
    int different = 0;
    for (int i = 0; i < blocks; i++) {
      same[i] = compare(at + (long) i * blockSize, Math.min(blockSize, length - i * blockSize));
      different += same[i] ? 0 : 1;
    }
    boolean many = different >= 4 && different * 8L > blocks;
    boolean searching = base.hasWeakSums() && wholeBlocks() > 0 && (many || searchGoesOn);
    searchGoesOn = false;
    for (int i = 0; i < blocks; ) {
      int runEnd = i;
      while (runEnd < blocks && same[runEnd] == same[i]) {
        runEnd++;
      }
      long start = at + (long) i * blockSize;
      long end = Math.min(at + length, at + (long) runEnd * blockSize);
      if (same[i]) {
        steps.literal(buffer, bufferOffset, start);
        steps.copy(start, end);
      } else if (searching) {
        searchGoesOn = runEnd == blocks && end < size;
        searchRun(end);
      } else {
        steps.literal(buffer, bufferOffset, end);
      }
      i = runEnd;
    }
  }

  private long wholeBlocks() {
    return base.length() / blockSize;
  }

  /** Adds the block at {@code at} to the signature; whether the base has the same there. */
  private boolean compare(long at, int length) {
    int from = (int) (at - bufferOffset);
    long block = at / blockSize;
    boolean possible = block < base.blocks() && base.blockLength((int) block) == length;
    if (!possible) {
      signature.update(buffer, from, length);
      return false;
    }
    hash.update(buffer, from, length);
    byte[] digest = hash.digest();
    boolean same = base.sameDigest((int) block, digest);
    if (signature.blockSize() != blockSize) {
      signature.update(buffer, from, length);
    } else if (same && base.hasWeakSums()) {
      addBaseBlock((int) block);
    } else {
      signature.addBlock(digest, 0, signature.weakSum(buffer, from, length), length);
    }
    return same;
  }

  /** Looks for blocks of the base at every place up to {@code end}. */
  private void searchRun(long end) throws IOException {
    BlockSearch current = search;
    if (current == null) {
      current = new BlockSearch(base, hash);
      search = current;
    }
    int from = (int) (steps.offset() - bufferOffset);
    int to = (int) (end - bufferOffset);
    while (current.find(buffer, from, to)) {
      long found = bufferOffset + current.at();
      steps.literal(buffer, bufferOffset, found);
      steps.copy((long) current.block() * blockSize, found + blockSize);
      from = current.at() + blockSize;
    }
    if (searchGoesOn) {
      long undecided = Math.max(steps.offset(), end - blockSize + 1);
      steps.literal(buffer, bufferOffset, undecided);
    } else {
      finishRun(end);
    }
  }

  /** The last block of the base is short: it can only stand where the file ends. */
  private void finishRun(long end) throws IOException {
    int tail = (int) (base.length() % blockSize);
    if (end == size && tail > 0 && end - steps.offset() >= tail) {
      hash.update(buffer, (int) (end - tail - bufferOffset), tail);
      if (base.sameDigest(base.blocks() - 1, hash.digest())) {
        steps.literal(buffer, bufferOffset, end - tail);
        steps.copy(base.length() - tail, end);
      }
    }
    steps.literal(buffer, bufferOffset, end);
  }
}

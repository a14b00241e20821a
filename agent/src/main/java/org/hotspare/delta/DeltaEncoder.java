package org.hotspare.delta;

import java.io.IOException;

/**
 * Finds what changed in a file since a signature was taken of it. The file is read once, in order;
 * all that the steps say and the new signature come from the same bytes, so they agree also where
 * the file changes meanwhile (but a file read while it changes may be one that never was: whoever
 * asks has to compare its times before and after).
 *
 * <p>Blocks are looked for at their old place first. Only in a stretch where many are missing, as
 * after an insertion, they are looked for at every place, if the signature has weak sums. The work
 * is bounded whatever the content: at most about six times the hashing of reading it.
 *
 * <p>Keeps its buffer from one file to the next. For one thread.
 */
public final class DeltaEncoder {
  /** The most bytes that a literal has. */
  public static final int LONGEST_LITERAL = 256 << 10;

  /**
   * The most bytes that one step copies, a multiple of every block size. Who applies steps looks
   * between them whether it is to stop, and can begin before the rest of the file was read.
   */
  public static final long LONGEST_COPY = 64L << 20;

  private static final int SMALLEST_STRETCH = 4 << 20;

  private byte[] buffer = new byte[0];

  /**
   * @param signature of the new content
   * @param layout of its holes, see {@link Layout}
   * @param literalBytes how many bytes went into literals
   * @param copiedBytes how many are copied from the earlier version
   * @param shrunk whether the file ended before the size that it had at first: then the signature's
   *     block size may not be the one for its length, and the file has to be read again
   */
  public record Result(
      Signature signature, long layout, long literalBytes, long copiedBytes, boolean shrunk) {}

  /**
   * Encodes a file against an earlier version.
   *
   * @param base the earlier version's signature; {@link Signature#NONE} where there is none, which
   *     gives literals and holes only
   * @param weakSums whether the new signature has them
   */
  public Result encode(Signature base, ContentSource content, boolean weakSums, DeltaSink sink)
      throws IOException {
    long size = sizeOf(content);
    return encode(base, 0, content, size, newSignature(size, weakSums), sink);
  }

  /**
   * Encodes a file that is believed to have been appended to, reading only what is new. Nothing
   * confirms the belief: the file has to be looked at again with {@link #encode} later. Where the
   * file did not grow, or its block size changes, all of it is read.
   */
  public Result encodeAppended(
      Signature base, ContentSource content, boolean weakSums, DeltaSink sink) throws IOException {
    long size = sizeOf(content);
    return encodeAppended(base, content, size, newSignature(size, weakSums), sink);
  }

  Result encodeAppended(
      Signature base, ContentSource content, long size, SignatureBuilder signature, DeltaSink sink)
      throws IOException {
    boolean possible =
        size >= base.length()
            && signature.blockSize() == base.blockSize()
            && (base.hasWeakSums() || !signature.hasWeakSums());
    long trusted = possible ? base.length() / base.blockSize() * base.blockSize() : 0;
    return encode(base, trusted, content, size, signature, sink);
  }

  Result encode(
      Signature base,
      long trusted,
      ContentSource content,
      long size,
      SignatureBuilder signature,
      DeltaSink sink)
      throws IOException {
    // One block more than a stretch, for what the search leaves of the stretch before.
    int stretch = Math.max(SMALLEST_STRETCH, 4 * base.blockSize());
    long needed = Math.min(stretch, size) + base.blockSize();
    if (buffer.length < needed) {
      buffer = new byte[(int) needed];
    }
    return new Encoding(base, content, size, stretch, buffer, signature, sink).run(trusted);
  }

  private static long sizeOf(ContentSource content) throws IOException {
    long size = content.size();
    if (size > BlockSize.LONGEST_FILE) {
      throw new IOException("a file of " + size + " bytes is longer than a signature can describe");
    }
    return size;
  }

  private static SignatureBuilder newSignature(long size, boolean weakSums) {
    return new SignatureBuilder(BlockSize.forFile(size), weakSums);
  }
}

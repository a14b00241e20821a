package org.hotspare.tree;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * 32 bytes that identify content: SHA-256 of one block, or of the concatenated block digests of a
 * file that has several (see {@code delta.Signature}). Whoever writes the mirrored files cannot
 * make two contents with the same digest.
 */
public record Digest(Bytes bytes) {
  public static final int BYTES = 32;

  public Digest {
    if (bytes.length() != BYTES) {
      throw new IllegalArgumentException("a digest has 32 bytes, not " + bytes.length());
    }
  }

  public static Digest of(byte[] sha256) {
    return new Digest(Bytes.of(sha256));
  }

  /** A fresh SHA-256, the one hash that digests are made of. */
  public static MessageDigest newHash() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  @Override
  public String toString() {
    return bytes.hex();
  }
}

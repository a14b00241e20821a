package org.hotspare.admin;

import java.util.List;

/**
 * What a comparison of all data nodes found.
 *
 * @param entries compared on each node
 * @param bytes compared on each node
 * @param differences how many, of which each was reported as it was found
 * @param repaired how many of these are mended
 * @param unreached nodes that could not be compared, with the reason, for people
 */
public record VerifyResult(
    long entries, long bytes, long differences, long repaired, List<String> unreached) {
  public VerifyResult {
    unreached = List.copyOf(unreached);
  }

  /** Whether all nodes were compared and are equal now. */
  public boolean equal() {
    return differences == repaired && unreached.isEmpty();
  }
}

package org.hotspare.failover;

/**
 * The lease as this node sees it; see {@link org.hotspare.lease.LeaseMember}.
 *
 * @param heldEpoch for which this node holds it at this instant; 0 where it does not
 * @param over whether it is over as this node's own voter saw it
 * @param knownEpoch the highest epoch that this node's member knows of
 */
public record LeaseView(long heldEpoch, boolean over, long knownEpoch, Attempt attempt) {
  /** What became of the last {@link Action.Campaign}. */
  public sealed interface Attempt {
    record None() implements Attempt {}

    /** It has no end yet. */
    record Standing() implements Attempt {}

    record Endorsed(long epoch) implements Attempt {}

    record NotEndorsed(long epoch, String reason) implements Attempt {}
  }
}

package org.hotspare.lease;

/**
 * What the members of a cluster say to each other about the lease. Messages may be lost, doubled,
 * delayed and overtake each other.
 */
public sealed interface LeaseMessage {
  /** The epoch that it is about. */
  long epoch();

  /** The holder of the epoch renews its lease, for the {@code round}th time. */
  record Renewal(long epoch, long round) implements LeaseMessage {}

  /** A voter acknowledges a renewal. */
  record Renewed(long epoch, long round) implements LeaseMessage {}

  /**
   * A voter does not acknowledge a renewal.
   *
   * @param known the highest epoch that it endorsed or acknowledged
   */
  record Superseded(long epoch, long known) implements LeaseMessage {}

  /**
   * A candidate asks to be endorsed for the epoch.
   *
   * @param trial whether it only asks if it would be: nothing changes at the voter
   * @param over holders of this epoch and of those before it are known to be off, since a fence
   *     said so; 0 where none is
   */
  record Ballot(long epoch, boolean trial, long over) implements LeaseMessage {}

  /**
   * A voter's answer to a ballot.
   *
   * @param known the highest epoch that it endorsed or acknowledged
   */
  record Vote(long epoch, boolean trial, boolean endorsed, long known) implements LeaseMessage {}

  /** The holder of the epoch has closed its gate and holds no longer. */
  record Release(long epoch) implements LeaseMessage {}
}

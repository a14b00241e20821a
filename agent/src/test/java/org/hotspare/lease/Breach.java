package org.hotspare.lease;

/** A rule that is broken on purpose: a simulation that does not notice it is worth nothing. */
enum Breach {
  NONE,
  /** A voter that was started again has lost its promises. */
  FORGOTTEN_PROMISE,
  /** A voter endorses at once after its start, whatever it acknowledged before. */
  NO_WAIT_AFTER_START,
  /** A voter waits after its start for its present duration only, though it had a longer one. */
  FORGOTTEN_DURATION,
  /** A voter acknowledges renewals of a holder that counts by another duration. */
  OTHER_DURATION,
  /** A voter endorses while the last renewal that it acknowledged still counts. */
  EARLY_ENDORSEMENT,
  /** A voter acknowledges renewals of an epoch below the one that it endorsed. */
  LATE_ACKNOWLEDGEMENT,
  /** An endorsement is told before it is durable. */
  TOLD_BEFORE_DURABLE,
  /** The set of a round is filled when its acknowledgement comes, not before it is sent. */
  COUNTED_FROM_ANSWER,
  /** The gate has one set, which every round fills anew. */
  SET_FILLED_AGAIN,
  /** The release is told before the gate is closed. */
  RELEASED_BEFORE_CLOSED,
  /** One vote less than a majority is enough. */
  NO_MAJORITY,
  /** Clocks run further apart than the lease allows for. */
  CLOCKS_APART
}

package org.hotspare.failover;

/** A rule that is broken on purpose: a simulation that does not notice it is worth nothing. */
enum BrokenRule {
  NONE,
  /** A node that is not in the promotable set believes that it is. */
  OUTSIDE_SET,
  /** The record is set whatever version it has. */
  RECORD_NOT_COMPARED,
  /** Barriers do not wait for a standby that is about to join. */
  JOINS_UNAWAITED,
  /** Barriers ignore a standby that is away before the record does. */
  LEAVES_UNRECORDED,
  /** A first copy that is under way is taken for a whole one. */
  UNFINISHED_COPY,
  /** A candidate's mirrors go on to accept changes of the epoch that is over. */
  NOT_SEALED,
  /** The gate is held when a pause is asked for, before the record says so. */
  PAUSE_UNRECORDED,
  /** The gate is still held when the end of a pause is written. */
  PAUSE_ENDED_GATE_HELD,
  /** A planned handover does not wait until the other node has everything. */
  BARRIER_SKIPPED,
  /** What failed is not remembered. */
  TRIED_AGAIN
}

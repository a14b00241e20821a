package org.hotspare.failover;

/** A rule that is broken on purpose: a simulation that does not notice it is worth nothing. */
enum BrokenRule {
  NONE(""),
  /** A node that is not in the promotable set believes that it is. */
  OUTSIDE_SET("was confirmed, and|is confirmed, and"),
  /** The record is set whatever version it has. */
  RECORD_NOT_COMPARED("the epoch of the record fell|was confirmed, and|was recorded after"),
  /** Barriers do not wait for a standby that is about to join. */
  JOINS_UNAWAITED("was confirmed, and|is confirmed, and"),
  /** Barriers ignore a standby that is away before the record does. */
  LEAVES_UNRECORDED("is confirmed, and"),
  /** A first copy that is under way is taken for a whole one. */
  UNFINISHED_COPY("was confirmed, and is not at"),
  /** A candidate's mirrors go on to accept changes of the epoch that is over. */
  NOT_SEALED("was confirmed, and|is confirmed, and"),
  /** The gate is held when a pause is asked for, before the record says so. */
  PAUSE_UNRECORDED("two gates are open"),
  /** The gate is still held when the end of a pause is written. */
  PAUSE_ENDED_GATE_HELD("two gates are open"),
  /** A planned handover does not wait until the other node has everything. */
  BARRIER_SKIPPED("hands over to .* and loses"),
  /** The gate stays open while the other node gets everything. */
  GATE_NOT_SHUT("hands over to .* and loses"),
  /** The lease is released though the gate is held. */
  RELEASED_WHILE_HELD("two gates are open"),
  /** A pause does not end a handover that has begun. */
  PAUSE_IGNORED("hands over under a pause"),
  /** A node that was started again takes what it knew before, or nothing, for how it is. */
  STALE_RECORD("takes down what a pause protects|was confirmed, and"),
  /** What failed is not remembered. */
  TRIED_AGAIN("is promoted again soon after that failed");

  private final String violation;

  BrokenRule(String violation) {
    this.violation = violation;
  }

  /** A regular expression that what it leads to contains. */
  String violation() {
    return violation;
  }
}

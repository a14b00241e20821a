package org.hotspare.failover;

/**
 * One step of a change of role. Those of a promotion are in the order in which they are taken, from
 * {@link #RECORD} to {@link #ANNOUNCE}.
 */
public enum Stage {
  RECORD("the cluster's record names this node"),
  LEASE("the lease is held"),
  SETTLE("the mirrors are brought to rest and the epoch is opened"),
  ADDRESS_ADD("the address is added behind the closed gate"),
  SERVICES_START("services start"),
  GATE("the gate follows the lease"),
  ANNOUNCE("the address is announced"),

  /**
   * Until the other node has what was written so far, and next to nothing is left for {@link
   * #BARRIER}, for which clients wait.
   */
  DRAIN("what was written so far reaches the other node"),

  /** Whatever let clients in, the lease or hands off, does so no more. */
  GATE_SHUT("the gate is shut"),
  SERVICES_STOP("services stop"),
  ADDRESS_REMOVE("the address is removed"),

  /** Until the other node has everything that was written. */
  BARRIER("all that was written reaches the other node");

  private final String text;

  Stage(String text) {
    this.text = text;
  }

  /** What happens in it, for people. */
  public String text() {
    return text;
  }

  /** The one after it in a promotion. */
  Stage next() {
    return switch (this) {
      case RECORD -> LEASE;
      case LEASE -> SETTLE;
      case SETTLE -> ADDRESS_ADD;
      case ADDRESS_ADD -> SERVICES_START;
      case SERVICES_START -> GATE;
      case GATE -> ANNOUNCE;
      case ANNOUNCE, DRAIN, GATE_SHUT, SERVICES_STOP, ADDRESS_REMOVE, BARRIER ->
          throw new IllegalStateException("nothing follows " + this + " in a promotion");
    };
  }
}

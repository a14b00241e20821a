package org.hotspare.failover;

/**
 * What an operator asks of this node. It is in the view until an {@link Action.Answer} ends it.
 * What only the primary can do is to be given to that.
 */
public sealed interface Order {
  record None() implements Order {}

  /** See {@link org.hotspare.lease.Roles.Pause}. Any node. */
  record Pause(String reason, long untilSeconds) implements Order {}

  /** The primary only: whoever holds the lease knows that nobody else can. */
  record Resume() implements Order {}

  /**
   * The primary only.
   *
   * @param to empty where any node will do
   */
  record Switchover(String to) implements Order {}

  /**
   * This node is to be primary.
   *
   * @param acceptLoss though it may lack what others have; never a copy that was not complete yet
   * @param othersAreOff though no majority answers: whoever asks knows that all others are off
   */
  record Failover(boolean acceptLoss, boolean othersAreOff) implements Order {}

  /**
   * The agent is about to end.
   *
   * @param sinceNanos when that was asked
   */
  record Stop(long sinceNanos) implements Order {}
}

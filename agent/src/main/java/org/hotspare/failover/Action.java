package org.hotspare.failover;

import java.time.Duration;
import java.util.Set;
import org.hotspare.lease.Roles;

/**
 * What is to be done. Actions are performed in the order in which they were given; what takes time
 * is begun, and told in a later {@link View} when it has ended. Reasons are sentences for people
 * and go to the log of events.
 */
public sealed interface Action {
  /** From now on the node is this. At most one of a decision, and the first of it. */
  record Become(Role role, String reason) implements Action {}

  /** To be handed back in {@link View#damping}, also after a restart. */
  record Remember(Damping damping) implements Action {}

  /** Have the mirrors accept no change of that epoch or of those before. */
  record Seal(long epoch) implements Action {}

  /** Be that primary's standby, whatever was sealed before: accept its changes of that epoch. */
  record Follow(String primary, long epoch) implements Action {}

  /** Ask the members for their {@link Report}. */
  record Inquire(Set<String> members) implements Action {}

  /**
   * See {@link org.hotspare.lease.LeaseMember#campaign}. What became of an earlier one says nothing
   * of this one.
   */
  record Campaign(long recordedEpoch, long over, Duration patience) implements Action {}

  /** See {@link org.hotspare.lease.LeaseMember#begin}. */
  record BeginLease(long epoch) implements Action {}

  /** See {@link org.hotspare.lease.LeaseMember#release}. */
  record Release(long epoch, String reason) implements Action {}

  /** Set the cluster's record where it still has that version. */
  record WriteRecord(long version, Roles roles, String reason) implements Action {}

  /**
   * Where the record as this node has it is still of that version, make a new one of that content
   * and of a later version, with its voters as the only members: the others are known to be off.
   * For two voters of which a fence confirmed one off, or on an operator's word.
   */
  record RebuildRecord(long version, Roles roles, String reason) implements Action {}

  /** Ask the fence to make sure that the other node is off, which held at most that epoch. */
  record Fence(long epoch, String reason) implements Action {}

  /** Do the work of a stage. */
  record Perform(long number, Stage stage, long epoch) implements Action {}

  /**
   * Leave the gate open whatever becomes of the lease: hands are off. Where that fails it is asked
   * for again at the next decision: better not at once.
   */
  record HoldGate(String reason) implements Action {}

  /**
   * The gate follows the lease again, from now on: where none is held it is shut. Where that fails
   * it is asked for again, as {@link HoldGate} is.
   */
  record FreeGate(String reason) implements Action {}

  /** Ends the operator's order. */
  record Answer(boolean done, String reason) implements Action {}
}

package org.hotspare.lease;

import java.util.NavigableSet;
import org.hotspare.wire.Frame.Lease;

/**
 * What a {@link LeaseMember} wants done. Steps are performed in the order in which they were given,
 * each to its end before the next, by one thread; the safety of the lease rests on that order. Only
 * {@link Persist} and {@link Shorten} may go on beside those after them; they are written in the
 * order given.
 */
public sealed interface Step {
  /** Write the promise to disk, durably, then call {@link LeaseMember#persisted}. */
  record Persist(Promise promise) implements Step {}

  /**
   * What this node acknowledged before it was started is over: write down that its present duration
   * is all that it has to wait for when it is started next. Until that is durable it waits longer.
   */
  record Shorten(long durationMillis) implements Step {}

  /** Tell the operator that a primary or candidate counts by another duration than this node. */
  record Differs(String node, long theirMillis, long ownMillis) implements Step {}

  /** Send a message to another member, or lose it. */
  record Send(String to, Lease message) implements Step {}

  /**
   * Let the gate have this round, for {@code validityNanos} from now, after which the kernel takes
   * it out. Each round is armed once.
   */
  record Arm(long epoch, long round, long validityNanos) implements Step {}

  /** Let the gate go by this round, which a majority has acknowledged. */
  record Select(long epoch, long round) implements Step {}

  /** A majority endorses this node: it may write the cluster's record, and then begin. */
  record Endorsed(long epoch) implements Step {}

  /** No majority endorsed this node for the epoch. */
  record NotEndorsed(long epoch, String reason) implements Step {}

  /** From now on the majority of these counts, also for what this node holds. */
  record Counted(NavigableSet<String> voters) implements Step {}

  /**
   * This node no longer holds the lease: close the gate before anything else.
   *
   * @param releases whether the others may be told, by {@link LeaseMember#released}, once the gate
   *     is closed; never if it could not be
   */
  record Over(long epoch, String reason, boolean releases) implements Step {}
}

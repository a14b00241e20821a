package org.hotspare.failover;

import java.util.Map;
import org.hotspare.tree.Position;

/**
 * What a node tells the others of itself: when asked ({@link Action.Inquire}), when it changes, and
 * every now and then. A witness tells only what its checks say.
 *
 * @param epoch of the cluster's record as it knows it
 * @param leads for which epoch it acts as primary, or is about to; 0 where it does not
 * @param durable how far each mirror is on its disk
 * @param unwilling why it would not stand for election; empty where it would
 * @param handsOverTo whom it wants to be primary next; empty where it does not
 * @param failing what it sees failing at the primary: what each check says, by the check's name
 */
public record Report(
    long epoch,
    long leads,
    Map<String, Position> durable,
    String unwilling,
    String handsOverTo,
    Map<String, String> failing) {
  public Report {
    durable = Map.copyOf(durable);
    failing = Map.copyOf(failing);
  }

  /**
   * The newest of another node.
   *
   * @param atNanos when it came
   */
  public record Heard(Report report, long atNanos) {}
}

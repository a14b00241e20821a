package org.hotspare.failover;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.hotspare.lease.ClusterRecord;
import org.hotspare.lease.Roles;
import org.jspecify.annotations.Nullable;

/**
 * All that a decision is made from. What the last decision's actions changed must be in the next
 * view: the role, that a write or a work was begun, that barriers wait for whom {@link
 * PromotableSet#awaited} says.
 *
 * @param record the newest version of the cluster's record that this node knows of
 * @param write the last write of the record, while it is open what became of it
 * @param heard the newest report of each other node
 * @param followers the standbys of this node, while it is primary
 * @param ownFailing what fails on this machine: its disk, its stalls; by the check's name
 * @param failing what checks of the primary fail as this node sees them, by the check's name
 * @param initiator whether this node may open the first epoch
 * @param gateHeld whether the gate is open whatever becomes of the lease, as the kernel says
 * @param lot from 0 to 1, drawn anew for each view
 * @param wallSeconds of the wall clock, since 1970; only for the end of a pause
 */
public record View(
    Settings settings,
    ClusterRecord.Version record,
    @Nullable RecordWrite write,
    LeaseView lease,
    OwnCopy copy,
    Map<String, Report.Heard> heard,
    Map<String, Follower> followers,
    Map<String, String> ownFailing,
    Map<String, String> failing,
    boolean initiator,
    boolean gateHeld,
    Task task,
    Fencing fencing,
    Order order,
    Damping damping,
    Role role,
    double lot,
    long wallSeconds) {

  String self() {
    return settings.self();
  }

  Roles roles() {
    return record.roles();
  }

  /**
   * Whether the record names this node as the primary, and no node speaks of a newer record. That
   * may be all that this node hears of it, where others were told that it is off.
   */
  boolean isNamed() {
    return roles().primary().equals(self())
        && heard.values().stream().allMatch(last -> last.report().epoch() <= roles().epoch());
  }

  /** Whose standby this node is to be: the primary of the highest epoch heard of; or nobody's. */
  Leader leader() {
    Leader highest = new Leader(roles().primary(), roles().epoch());
    for (Map.Entry<String, Report.Heard> entry : heard.entrySet()) {
      long leads = entry.getValue().report().leads();
      if (leads > highest.epoch()) {
        highest = new Leader(entry.getKey(), leads);
      }
    }
    return highest.node().equals(self()) ? new Leader("", 0) : highest;
  }

  /**
   * @param node empty where there is none
   */
  record Leader(String node, long epoch) {}

  Set<String> voters() {
    return roles().voters().isEmpty() ? settings.voters() : roles().voters();
  }

  /** Whether neither of two voters can do without the other, so that people change roles. */
  boolean isByHand() {
    return voters().size() == 2 && !settings.fence();
  }

  /** Whether the primary of this moment stays, whatever becomes of the lease. */
  boolean isHandsOff() {
    return roles().pause() != null || isByHand();
  }

  /** Whether a pause is to end: on an operator's word, or since its time has come. */
  boolean isPauseToEnd() {
    Roles.Pause pause = roles().pause();
    boolean timed = pause != null && pause.untilSeconds() != 0;
    return pause != null
        && (order instanceof Order.Resume || (timed && wallSeconds >= pause.untilSeconds()));
  }

  /** The write of the record of which it is not known yet whether it was done, or null. */
  @Nullable RecordWrite openWrite() {
    return write != null && write.version() == record.number() ? write : null;
  }

  /** What that node said lately, or null. */
  @Nullable Report fresh(String node, long nowNanos) {
    Report.Heard last = heard.get(node);
    boolean fresh = last != null && nowNanos - last.atNanos() < settings.timing().fresh().toNanos();
    return last != null && fresh ? last.report() : null;
  }

  /** Whom the primary of the record wants to be the next; empty where nobody. */
  String invited(long nowNanos) {
    String primary = roles().primary();
    Report.Heard last = heard.get(primary);
    boolean valid =
        last != null
            && last.report().epoch() == roles().epoch()
            && nowNanos - last.atNanos() < settings.timing().rest().toNanos();
    return last != null && valid ? last.report().handsOverTo() : "";
  }

  /** Those that may hold all that was confirmed: the promotable set and the primary. */
  Set<String> members() {
    Set<String> members = new TreeSet<>(roles().promotable());
    if (!roles().primary().isEmpty()) {
      members.add(roles().primary());
    }
    return members;
  }
}

package org.hotspare.failover;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.hotspare.lease.ClusterRecord;
import org.hotspare.lease.Roles;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;

/**
 * All that a decision is made from. What the last decision's actions changed must be in the next
 * view: the role, that a write or a work was begun, that barriers wait for whom {@link
 * PromotableSet#awaited} says, that an attempt is {@link LeaseView.Attempt.Standing} and a fence
 * {@link Fencing.Answer#ASKED}.
 *
 * @param record the newest version of the cluster's record that this node knows of; better also
 *     what it knew before it was started
 * @param recordConfirmed whether a majority of the record's members was reached since this agent
 *     started, so that {@code record} is not older than the start
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
    boolean recordConfirmed,
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

  /** Whether the record names this node as the primary, and is no record of the past. */
  boolean isNamed() {
    return roles().primary().equals(self()) && !isOutdated();
  }

  /**
   * Whether another node speaks of a higher epoch, or this node's own copy is of one. That may be
   * all that this node ever hears of it: where others were told that it is off, they have a record
   * of their own.
   */
  boolean isOutdated() {
    RecordWrite open = openWrite();
    long own =
        open != null && open.roles().primary().equals(self())
            ? open.roles().epoch()
            : roles().epoch();
    // Before the first promotion a copy may be of the time when roles were fixed.
    boolean copied = own > 0 && copy.head().values().stream().anyMatch(head -> head.epoch() > own);
    return copied
        || heard.values().stream().anyMatch(last -> last.report().epoch() > own)
        || !highest().equals(new Leader(roles().primary(), roles().epoch()));
  }

  /**
   * Whether it is certain that another node is the primary. As long as that is not so, the primary
   * may still be this node, by a record that it has not heard of again since it was started, and
   * its clients be let in without a lease.
   */
  boolean isReplaced() {
    boolean another = recordConfirmed && !roles().primary().equals(self());
    return another || leader().epoch() > roles().epoch();
  }

  /** Whose standby this node is to be: the primary of the highest epoch heard of; or nobody's. */
  Leader leader() {
    Leader highest = highest();
    return highest.node().equals(self()) ? new Leader("", 0) : highest;
  }

  /** Of two that were promoted to one epoch, by two records, the first by name counts. */
  private Leader highest() {
    Leader highest = new Leader(roles().primary(), roles().epoch());
    for (Map.Entry<String, Report.Heard> entry : heard.entrySet()) {
      Leader other = new Leader(entry.getKey(), entry.getValue().report().leads());
      boolean tied = other.epoch() > 0 && other.epoch() == highest.epoch();
      if (other.epoch() > highest.epoch() || (tied && other.node().compareTo(highest.node()) < 0)) {
        highest = other;
      }
    }
    return highest;
  }

  /**
   * @param node empty where there is none
   */
  record Leader(String node, long epoch) {}

  /** The highest epoch that this node knows of in any way. */
  long highestEpoch() {
    long highest = Math.max(roles().epoch(), lease.knownEpoch());
    for (Position position : copy.head().values()) {
      highest = Math.max(highest, position.epoch());
    }
    for (Report.Heard last : heard.values()) {
      highest = Math.max(highest, Math.max(last.report().epoch(), last.report().leads()));
    }
    return highest;
  }

  Set<String> voters() {
    return roles().voters().isEmpty() ? settings.voters() : roles().voters();
  }

  /** Whether it is to vote, but not yet: others were said to be off, this node among them. */
  boolean isKeptOut() {
    return settings.voters().contains(self()) && !voters().contains(self());
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

  /** Those that have all that was confirmed: the promotable set and the primary. */
  Set<String> members() {
    Set<String> members = new TreeSet<>(roles().promotable());
    if (!roles().primary().isEmpty()) {
      members.add(roles().primary());
    }
    return members;
  }
}

package org.hotspare.failover;

import java.util.Map;
import java.util.TreeMap;
import org.hotspare.tree.Position;

/**
 * What a data node is and is about to do: all that the policy remembers from one decision to the
 * next but for {@link Damping}. Changed by {@link Action.Become} and by nothing else; {@link
 * Transition} says what may follow what.
 */
public sealed interface Role {
  /** Since when it is so, or since when the stage in it lasts. */
  long sinceNanos();

  /**
   * What a node is after a start, until it is known better, and what a primary is that lost the
   * lease while hands are off. Services and address are left as they are found.
   *
   * @param notBeforeNanos when it may stand for election
   * @param refusal why it does not stand; empty where nothing speaks against it
   */
  record Unsettled(long sinceNanos, long notBeforeNanos, String refusal) implements Role {
    /** After a start. */
    public static Unsettled started(long nowNanos) {
      return new Unsettled(nowNanos, nowNanos, "");
    }
  }

  /**
   * Neither services nor address are here.
   *
   * @param follows whose mirrors it copies; empty where nobody's
   * @param epoch for which it does
   */
  record Standby(long sinceNanos, long notBeforeNanos, String refusal, String follows, long epoch)
      implements Role {}

  /**
   * Stands for election, for the version of the record in which nothing spoke against that.
   *
   * @param settled whether it was {@link Standby} before, not {@link Unsettled}
   * @param order what an operator asked; {@link Order.None} where nobody did
   * @param over see {@link org.hotspare.lease.LeaseMember#campaign}
   * @param standsAtNanos when it does, in the phase {@link Phase#WAITING}
   */
  record Candidate(
      long version,
      boolean settled,
      Order order,
      long over,
      Phase phase,
      long sinceNanos,
      long standsAtNanos)
      implements Role {
    /** In this order, but for fence and voters, which most attempts do without. */
    public enum Phase {
      /** Its mirrors stop accepting, and the others say how far they are. */
      ASKING,
      /** Those that are further go first. */
      WAITING,
      /** A fence is asked whether the other node is off. */
      FENCING,
      /** The record is rebuilt with this node as the only voter. */
      REBUILDING,
      /** The voters are asked. */
      STANDING
    }

    Candidate at(Phase next, long nowNanos) {
      return new Candidate(version, settled, order, over, next, nowNanos, nowNanos);
    }
  }

  /**
   * A majority endorsed it for the epoch.
   *
   * @param version of the record that is to be replaced
   * @param settled see {@link Candidate}
   * @param unasked whether the role moves here on nobody's word, neither an operator's nor the
   *     former primary's
   * @param task the number of the work of this stage
   */
  record Promoting(
      long epoch,
      long version,
      boolean settled,
      boolean unasked,
      Stage stage,
      long task,
      long sinceNanos)
      implements Role {
    Promoting at(Stage next, long newTask, long nowNanos) {
      return new Promoting(epoch, version, settled, unasked, next, newTask, nowNanos);
    }
  }

  /**
   * @param joining standbys that are about to join the promotable set: barriers wait for them
   *     already
   * @param concern which check speaks against it, where that cannot be helped; empty where none
   *     does
   */
  record Primary(long epoch, long sinceNanos, Map<String, Joining> joining, String concern)
      implements Role {
    public Primary {
      joining = Map.copyOf(joining);
    }

    Primary with(String name, Joining how) {
      Map<String, Joining> more = new TreeMap<>(joining);
      more.put(name, how);
      return new Primary(epoch, sinceNanos, more, concern);
    }

    Primary without(String name) {
      Map<String, Joining> less = new TreeMap<>(joining);
      less.remove(name);
      return new Primary(epoch, sinceNanos, less, concern);
    }

    Primary concernedBy(String changed) {
      return new Primary(epoch, sinceNanos, joining, changed);
    }

    Primary since(long nowNanos) {
      return new Primary(epoch, nowNanos, joining, concern);
    }
  }

  /**
   * A standby that is to join, which it may when it has all that was numbered when barriers began
   * to wait for it: what was confirmed before is in that, what is confirmed after is not without
   * it.
   *
   * @param sinceNanos since when barriers wait for it
   * @param noted whether it is known what that is: from a look that began since then
   * @param target what that is, by mirror
   */
  record Joining(long sinceNanos, boolean noted, Map<String, Position> target) {
    static Joining begun(long nowNanos) {
      return new Joining(nowNanos, false, Map.of());
    }

    Joining noting(Map<String, Position> head) {
      return new Joining(sinceNanos, true, head);
    }

    public Joining {
      target = Map.copyOf(target);
    }
  }

  /**
   * Still primary, and about to give that up for another node.
   *
   * @param from what it was, and is again if it is called off
   * @param flaw why the other node may lack something; empty where nothing says so
   * @param stage one of DRAIN, GATE_SHUT, SERVICES_STOP, BARRIER, or, where it is called off,
   *     SERVICES_START, GATE
   */
  record HandingOver(
      Primary from, String to, Cause cause, String flaw, Stage stage, long task, long sinceNanos)
      implements Role {
    HandingOver at(Stage next, String newFlaw, long newTask, long nowNanos) {
      return new HandingOver(from, to, cause, newFlaw, next, newTask, nowNanos);
    }

    /** Whether clients are let in as before: nothing was shut or stopped yet. */
    public boolean isServing() {
      return stage == Stage.DRAIN;
    }

    boolean isCalledOff() {
      return stage == Stage.SERVICES_START || stage == Stage.GATE;
    }
  }

  /**
   * Why a primary hands over.
   *
   * @param planned it is called off rather than that anything is lost
   */
  record Cause(boolean planned, boolean failing, String reason) {}

  /**
   * Not primary any more: services and address go.
   *
   * @param handsOverTo who is to be the next; empty where nobody in particular
   * @param notBeforeNanos when it may stand for election again
   * @param stage one of SERVICES_STOP, ADDRESS_REMOVE
   */
  record Demoting(
      long epoch, String handsOverTo, long notBeforeNanos, Stage stage, long task, long sinceNanos)
      implements Role {
    Demoting at(Stage next, long newTask, long nowNanos) {
      return new Demoting(epoch, handsOverTo, notBeforeNanos, next, newTask, nowNanos);
    }
  }
}

package org.hotspare.failover;

import java.util.Set;
import java.util.TreeSet;

/** When a node that is not the primary stands for election. */
final class Election {
  private Election() {}

  static void unsettled(Decision decision, Role.Unsettled role) {
    View view = decision.view();
    if (view.isReplaced()) {
      String reason = "this node is not the primary" + Primacy.another(view);
      Demotion.begin(decision, Demotion.plain(decision, view.roles().epoch()), reason);
      return;
    }
    boolean unpaused = view.recordConfirmed() && view.roles().pause() == null;
    if (view.order() instanceof Order.Stop && unpaused && view.isNamed()) {
      Demotion.begin(
          decision, Demotion.plain(decision, view.roles().epoch()), "the agent is being stopped");
      return;
    }
    consider(decision, role.notBeforeNanos(), role.refusal());
  }

  static void standby(Decision decision, Role.Standby role) {
    View view = decision.view();
    String primary = view.leader().node();
    long epoch = view.leader().epoch();
    if (!role.follows().equals(primary) || (!primary.isEmpty() && role.epoch() != epoch)) {
      decision.become(
          new Role.Standby(decision.now(), role.notBeforeNanos(), "", primary, epoch),
          primary.isEmpty()
              ? "there is no primary to follow"
              : "follows %s, the primary of epoch %d".formatted(primary, epoch));
      if (!primary.isEmpty()) {
        decision.act(new Action.Follow(primary, epoch));
      }
      return;
    }
    consider(decision, role.notBeforeNanos(), role.refusal());
  }

  private static void consider(Decision decision, long notBeforeNanos, String refused) {
    View view = decision.view();
    Orders.ofOthers(decision);
    if (!decision.actions().isEmpty()) {
      return;
    }
    boolean asked = view.order() instanceof Order.Failover;
    String refusal =
        asked || view.lease().over() ? Eligibility.refusal(view, view.order(), decision.now()) : "";
    if (asked && !refusal.isEmpty()) {
      decision.answer(Order.Failover.class, false, refusal);
    } else if (!refusal.equals(refused)) {
      decision.become(
          withRefusal(view.role(), refusal),
          refusal.isEmpty()
              ? "nothing speaks against promoting this node any more"
              : "the lease is over, and this node does not stand for election: " + refusal);
    } else if (refusal.isEmpty()
        && (asked || (view.lease().over() && decision.now() - notBeforeNanos >= 0))) {
      stand(decision);
    }
  }

  private static Role withRefusal(Role role, String refusal) {
    return switch (role) {
      case Role.Unsettled before ->
          new Role.Unsettled(before.sinceNanos(), before.notBeforeNanos(), refusal);
      case Role.Standby before ->
          new Role.Standby(
              before.sinceNanos(),
              before.notBeforeNanos(),
              refusal,
              before.follows(),
              before.epoch());
      case Role.Candidate _, Role.Promoting _, Role.Primary _ -> throw notWaiting(role);
      case Role.HandingOver _, Role.Demoting _ -> throw notWaiting(role);
    };
  }

  private static IllegalStateException notWaiting(Role role) {
    return new IllegalStateException(role + " does not wait for an election");
  }

  private static void stand(Decision decision) {
    View view = decision.view();
    boolean settled = view.role() instanceof Role.Standby;
    Order order = view.order() instanceof Order.Failover asked ? asked : new Order.None();
    decision.become(
        new Role.Candidate(
            view.record().number(),
            settled,
            order,
            0,
            Role.Candidate.Phase.ASKING,
            decision.now(),
            decision.now()),
        order instanceof Order.Failover
            ? "an operator wants this node to be the primary"
            : view.roles().epoch() == 0
                ? "there was no primary yet"
                : "no renewal of the lease of %s came for its duration, or it was released"
                    .formatted(view.roles().primary()));
    decision.act(new Action.Seal(view.roles().epoch()));
    Set<String> others = new TreeSet<>(view.members());
    if (order instanceof Order.Failover failover && failover.othersAreOff()) {
      others.addAll(view.voters());
      others.addAll(view.settings().dataNodes());
    }
    others.remove(view.self());
    decision.act(new Action.Inquire(others));
  }

  /**
   * Gives an attempt up.
   *
   * @param notBeforeNanos when it may stand again
   */
  static void giveUp(Decision decision, boolean settled, long notBeforeNanos, String reason) {
    decision.become(
        settled
            ? new Role.Standby(decision.now(), notBeforeNanos, "", "", 0)
            : new Role.Unsettled(decision.now(), notBeforeNanos, ""),
        reason);
    decision.answer(Order.Failover.class, false, reason);
  }
}

package org.hotspare.failover;

import java.util.Optional;
import org.hotspare.lease.Roles;

/** What operators ask of a node, as far as it is no matter of a stage that is under way. */
final class Orders {
  private Orders() {}

  /** Of a node that is not the primary. */
  static void ofOthers(Decision decision) {
    View view = decision.view();
    String primary = view.roles().primary();
    switch (view.order()) {
      case Order.None _, Order.Failover _ -> {}
      case Order.Stop _ -> decision.act(new Action.Answer(true, "this node is not the primary"));
      case Order.Pause pause -> pause(decision, pause);
      case Order.Switchover _ ->
          decision.act(
              new Action.Answer(
                  false, "this node does not hold the lease, so it cannot hand over"));
      case Order.Resume _ -> {
        if (view.roles().pause() == null) {
          decision.act(new Action.Answer(true, "failover is not paused"));
        } else if (!view.isNamed()) {
          decision.act(
              new Action.Answer(
                  false,
                  "only the primary, %s, may end the pause, since its clients are let in without a "
                          .formatted(primary)
                      + "lease; if it is off, use failover --others-are-off"));
        }
      }
    }
  }

  /**
   * Of the primary.
   *
   * @return whether there was one that needed a decision
   */
  static boolean ofPrimary(Decision decision, Role.Primary role) {
    View view = decision.view();
    return switch (view.order()) {
      case Order.None _ -> false;
      case Order.Pause pause -> pause(decision, pause);
      case Order.Resume _ -> resumed(decision);
      case Order.Stop stop -> stop(decision, role, stop);
      case Order.Switchover switchover -> switchOver(decision, role, switchover.to());
      case Order.Failover _ -> {
        decision.act(new Action.Answer(true, "this node is the primary"));
        yield true;
      }
    };
  }

  /** At the primary it is done when its clients do not depend on the lease any more. */
  private static boolean pause(Decision decision, Order.Pause order) {
    View view = decision.view();
    Roles.Pause wanted = new Roles.Pause(order.reason(), order.untilSeconds());
    if (view.roles().epoch() == 0) {
      decision.act(new Action.Answer(false, "there was no primary yet"));
    } else if (order.untilSeconds() != 0 && view.wallSeconds() >= order.untilSeconds()) {
      decision.act(new Action.Answer(false, "the time until which it was to last is over"));
    } else if (wanted.equals(view.roles().pause()) && view.openWrite() == null) {
      if (view.role() instanceof Role.Primary && !view.gateHeld()) {
        return false;
      }
      decision.act(new Action.Answer(true, "the primary of this moment stays"));
    } else if (decision.mayWrite()) {
      decision.write(view.roles().withPause(wanted), "an operator: " + order.reason());
    }
    return true;
  }

  /** The pause itself is ended by {@link Primacy}. */
  private static boolean resumed(Decision decision) {
    if (decision.view().roles().pause() != null) {
      return false;
    }
    decision.act(new Action.Answer(true, "failover goes on as configured"));
    return true;
  }

  /** Waits for a while for one that can take over: it may have joined a moment ago. */
  private static boolean stop(Decision decision, Role.Primary role, Order.Stop order) {
    View view = decision.view();
    if (view.roles().pause() != null) {
      decision.act(new Action.Answer(true, "hands are off, so everything stays as it is"));
      return true;
    }
    String reason = "the agent is being stopped";
    Optional<String> to = Successor.best(view, decision.now());
    boolean others = !view.roles().promotable().isEmpty() || !role.joining().isEmpty();
    boolean waits =
        others && decision.now() - order.sinceNanos() < decision.timing().away().toNanos();
    if (waits && (to.isEmpty() || view.openWrite() != null)) {
      return false;
    }
    if (to.isPresent()) {
      HandOver.begin(decision, role, to.get(), new Role.Cause(false, false, reason));
    } else {
      long rested = decision.now() + decision.timing().rest().toNanos();
      Demotion.begin(
          decision,
          new Demotion.How(role.epoch(), "", rested),
          reason + ", and no other node can take over");
    }
    return true;
  }

  private static boolean switchOver(Decision decision, Role.Primary role, String to) {
    View view = decision.view();
    String chosen = to.isEmpty() ? Successor.best(view, decision.now()).orElse("") : to;
    if (view.roles().pause() != null) {
      decision.act(new Action.Answer(false, "failover is paused"));
    } else if (chosen.equals(view.self())) {
      decision.act(new Action.Answer(true, "this node is the primary"));
    } else if (chosen.isEmpty()) {
      decision.act(new Action.Answer(false, "there is no node that could take over"));
    } else {
      String refusal = Successor.refusal(view, chosen, decision.now());
      if (refusal.isEmpty() && view.openWrite() != null) {
        return false;
      }
      if (refusal.isEmpty()) {
        HandOver.begin(decision, role, chosen, new Role.Cause(true, false, "an operator wants it"));
      } else {
        decision.act(new Action.Answer(false, refusal));
      }
    }
    return true;
  }
}

package org.hotspare.failover;

import java.time.Duration;
import java.util.Optional;

/** What a primary does while it is one. */
final class Primacy {
  private Primacy() {}

  static void decide(Decision decision, Role.Primary role) {
    View view = decision.view();
    if (!isOfRecord(view, role.epoch())) {
      Demotion.begin(decision, Demotion.plain(decision, role.epoch()), noMore(view));
    } else if (view.lease().heldEpoch() != role.epoch()) {
      lostLease(decision, role.epoch(), true);
    } else if (!Orders.ofPrimary(decision, role)
        && !holdGate(decision)
        && !endPause(decision)
        && !heedConcern(decision, role)) {
      PromotableSet.upkeep(decision, role);
    }
  }

  static boolean isOfRecord(View view, long epoch) {
    return view.isNamed() && view.roles().epoch() == epoch;
  }

  static String noMore(View view) {
    return "this node is not the primary any more" + another(view);
  }

  /** Who is the primary instead of this node, for the end of a sentence. */
  static String another(View view) {
    View.Leader leader = view.leader();
    return leader.node().isEmpty()
        ? ""
        : ", it is %s of epoch %d".formatted(leader.node(), leader.epoch());
  }

  /**
   * @param serves whether nothing was taken down yet, so that it may stay as it is
   */
  static void lostLease(Decision decision, long epoch, boolean serves) {
    String reason = "the lease of epoch %d is over".formatted(epoch);
    if (serves && decision.view().isHandsOff()) {
      decision.become(
          new Role.Unsettled(decision.now(), decision.soonNanos(), ""),
          reason + "; hands are off, so everything stays as it is");
    } else {
      Demotion.begin(decision, Demotion.plain(decision, epoch), reason);
    }
  }

  /**
   * The gate is held only while the record says so for certain: nothing that ends the pause may be
   * on its way.
   */
  private static boolean holdGate(Decision decision) {
    View view = decision.view();
    boolean holds =
        view.isHandsOff() && !view.gateHeld() && !view.isPauseToEnd() && view.openWrite() == null;
    if (holds) {
      decision.act(
          new Action.HoldGate(
              view.isByHand()
                  ? "there are two voters and no fence, so clients are let in without a lease"
                  : "hands are off"));
    }
    return holds;
  }

  /** First the gate follows the lease again, then others may be promoted. */
  private static boolean endPause(Decision decision) {
    View view = decision.view();
    if (!view.isPauseToEnd()) {
      return false;
    }
    if (view.gateHeld() && !view.isByHand()) {
      decision.act(new Action.FreeGate("the pause ends"));
    } else if (decision.mayWrite()) {
      decision.write(view.roles().withPause(null), "the pause ends");
    }
    return true;
  }

  private static boolean heedConcern(Decision decision, Role.Primary role) {
    View view = decision.view();
    Duration steady = decision.timing().steady();
    Concerns.Concern concern = Concerns.of(view, decision.now());
    if (concern == null
        || view.isHandsOff()
        || decision.now() - role.sinceNanos() < steady.toNanos()) {
      return concerned(decision, role, "", "nothing speaks against this primary any more");
    }
    if (!view.settings().automatic()) {
      return concerned(
          decision, role, concern.check(), concern.text() + "; automatic failover is off");
    }
    Optional<String> to = Successor.best(view, decision.now());
    if (to.isEmpty()) {
      return concerned(
          decision, role, concern.check(), concern.text() + "; no node could take over");
    }
    if (view.openWrite() != null) {
      return false;
    }
    HandOver.begin(decision, role, to.get(), new Role.Cause(false, true, concern.text()));
    return true;
  }

  private static boolean concerned(
      Decision decision, Role.Primary role, String check, String reason) {
    if (check.equals(role.concern())) {
      return false;
    }
    decision.become(role.concernedBy(check), reason);
    return true;
  }
}

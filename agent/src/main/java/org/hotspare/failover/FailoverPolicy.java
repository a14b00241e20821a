package org.hotspare.failover;

import java.util.List;

/**
 * What a data node does about being primary or not: a pure function from what is known to what is
 * to be done. Whoever drives it builds a {@link View}, performs the {@link Action}s in their order,
 * and asks again when anything changed and a few times a second. A witness has no use for it but
 * for telling others its {@link Report}.
 *
 * <p>Invariants, checked by {@link Transition} whenever a role changes:
 *
 * <ol>
 *   <li>Nobody is promoted whom no majority endorsed, for an epoch above the record's.
 *   <li>The promotion replaces the version of the record in which nothing spoke against this node.
 *       So nobody is promoted who was taken out of the promotable set or excluded by a pause
 *       before.
 *   <li>Address, services and gate come only while the record names this node and it holds the
 *       lease of that epoch. When either ends, all of that goes, at once: except while hands are
 *       off, and then only at the node that the record names.
 *   <li>All that a barrier confirmed is at every node that the record calls promotable, and at the
 *       primary that it names; see {@link PromotableSet} and {@link Eligibility}. So the primary
 *       before stays in the set, until it is taken out as any other.
 *   <li>A primary that hands over as planned has shut its gate and stopped its services, and then
 *       the other node got everything, before the lease is given up.
 *   <li>The lease is given up, and another node invited, only when the gate is not held.
 *   <li>A pause ends by the primary alone, holding the lease, and after its gate follows the lease
 *       again; or by an operator who says that all others are off. Under one nothing is taken down
 *       that serves, nobody hands over, and no machine is fenced.
 *   <li>A node that failed as primary rests before it is tried again, unless its machine was
 *       started anew.
 * </ol>
 */
public final class FailoverPolicy {
  private FailoverPolicy() {}

  /**
   * @param nowNanos of this node's CLOCK_MONOTONIC_RAW
   * @return what to do, in this order; empty where nothing is
   */
  public static List<Action> decide(View view, long nowNanos) {
    Decision decision = new Decision(view, nowNanos);
    switch (view.role()) {
      case Role.Unsettled role -> Election.unsettled(decision, role);
      case Role.Standby role -> Election.standby(decision, role);
      case Role.Candidate role -> Candidature.decide(decision, role);
      case Role.Promoting role -> Promotion.decide(decision, role);
      case Role.Primary role -> Primacy.decide(decision, role);
      case Role.HandingOver role -> HandOver.decide(decision, role);
      case Role.Demoting role -> Demotion.decide(decision, role);
    }
    if (decision.actions().isEmpty()) {
      tidy(decision);
    }
    return decision.actions();
  }

  /** What no role may leave behind, whatever was lost on the way. */
  private static void tidy(Decision decision) {
    View view = decision.view();
    long held = view.lease().heldEpoch();
    boolean mayHold =
        switch (view.role()) {
          case Role.Promoting _, Role.Primary _, Role.HandingOver _ -> true;
          case Role.Unsettled _, Role.Standby _, Role.Candidate _, Role.Demoting _ -> false;
        };
    if (view.gateHeld() && !isLeftOpen(view)) {
      decision.act(new Action.FreeGate("this node is not the primary, or hands are not off"));
    } else if (held != 0 && !mayHold) {
      decision.act(new Action.Release(held, "this node is not the primary"));
    }
    Damping past = view.damping().past(decision.now());
    if (!past.equals(view.damping())) {
      decision.act(new Action.Remember(past));
    }
  }

  /** Only where what serves is left as it is, under a record that says so as far as is known. */
  private static boolean isLeftOpen(View view) {
    boolean serves =
        switch (view.role()) {
          case Role.Unsettled _, Role.Primary _ -> true;
          case Role.Candidate candidate -> !candidate.settled();
          case Role.Promoting promoting -> !promoting.settled();
          case Role.HandingOver handing -> handing.isServing();
          case Role.Standby _, Role.Demoting _ -> false;
        };
    // What it knew before it was started counts: a gate is held after the pause was known here.
    boolean known = view.recordConfirmed() || view.record().number() > 0;
    return serves && !view.isReplaced() && (view.isHandsOff() || !known);
  }

  /** What this node tells the others of itself. */
  public static Report report(View view, long nowNanos) {
    long leads =
        switch (view.role()) {
          case Role.Promoting role -> role.stage() == Stage.RECORD ? 0 : role.epoch();
          case Role.Primary role -> role.epoch();
          case Role.HandingOver role -> role.from().epoch();
          case Role.Unsettled _, Role.Standby _, Role.Candidate _, Role.Demoting _ -> 0;
        };
    String handsOverTo =
        switch (view.role()) {
          // From here on there is no way back, and clients are let in by nothing.
          case Role.Demoting role -> view.gateHeld() ? "" : role.handsOverTo();
          case Role.Unsettled _, Role.Standby _, Role.Candidate _ -> "";
          case Role.Promoting _, Role.Primary _, Role.HandingOver _ -> "";
        };
    return new Report(
        view.roles().epoch(),
        leads,
        view.copy().durable(),
        unwilling(view, nowNanos),
        handsOverTo,
        view.failing());
  }

  private static String unwilling(View view, long nowNanos) {
    long notBefore =
        switch (view.role()) {
          case Role.Unsettled role -> role.notBeforeNanos();
          case Role.Standby role -> role.notBeforeNanos();
          case Role.Demoting role -> role.notBeforeNanos();
          case Role.Candidate _, Role.Promoting _, Role.Primary _, Role.HandingOver _ -> nowNanos;
        };
    return nowNanos - notBefore < 0
        ? "it was primary or a candidate a moment ago"
        : Eligibility.inability(view, nowNanos);
  }
}

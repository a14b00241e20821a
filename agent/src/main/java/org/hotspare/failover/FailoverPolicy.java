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
 *       primary that it names; see {@link PromotableSet} and {@link Eligibility}. A primary that
 *       was promoted in vain confirmed nothing, so the one before it may come back.
 *   <li>A primary that hands over as planned has stopped its services, and the other node has
 *       everything, before the lease is given up.
 *   <li>A pause ends by the primary alone, holding the lease, and after its gate follows the lease
 *       again.
 *   <li>A node that failed as primary rests before it is tried again.
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
    if (held != 0 && !mayHold) {
      decision.act(new Action.Release(held, "this node is not the primary"));
    }
    if (view.gateHeld() && !(view.isNamed() && view.isHandsOff())) {
      decision.act(new Action.FreeGate("this node is not the primary, or hands are not off"));
    }
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
          case Role.HandingOver role -> role.stage() == Stage.SERVICES_START ? "" : role.to();
          case Role.Demoting role -> role.handsOverTo();
          case Role.Unsettled _, Role.Standby _, Role.Candidate _ -> "";
          case Role.Promoting _, Role.Primary _ -> "";
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

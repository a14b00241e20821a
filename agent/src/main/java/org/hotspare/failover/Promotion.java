package org.hotspare.failover;

import java.util.Map;
import org.hotspare.lease.Roles;

/**
 * From endorsed to primary, stage by stage. Where one fails or takes too long, the lease is given
 * up, so that another node can try, and this one rests.
 */
final class Promotion {
  private Promotion() {}

  static void begin(Decision decision, Role.Candidate role, long epoch) {
    View view = decision.view();
    boolean asked = role.order() instanceof Order.Failover;
    boolean invited = view.invited(decision.now()).equals(view.self());
    boolean again = view.roles().primary().equals(view.self());
    decision.become(
        new Role.Promoting(
            epoch,
            role.version(),
            role.settled(),
            !asked && !invited && !again,
            Stage.RECORD,
            0,
            decision.now()),
        "a majority endorsed this node for epoch " + epoch);
    if (decision.mayWrite()) {
      write(decision, epoch);
    }
  }

  private static void write(Decision decision, long epoch) {
    View view = decision.view();
    Roles promoted = view.roles().promoted(view.self(), epoch).withVoters(view.voters());
    decision.write(promoted, "%s is primary of epoch %d".formatted(view.self(), epoch));
  }

  static void decide(Decision decision, Role.Promoting role) {
    switch (role.stage()) {
      case RECORD -> record(decision, role);
      case LEASE -> lease(decision, role);
      case SETTLE, ADDRESS_ADD, SERVICES_START, GATE, ANNOUNCE -> work(decision, role);
      case DRAIN, GATE_SHUT, SERVICES_STOP, ADDRESS_REMOVE, BARRIER ->
          throw new IllegalStateException(role.stage() + " in a promotion");
    }
  }

  private static void record(Decision decision, Role.Promoting role) {
    View view = decision.view();
    Progress progress = Progress.within(view, role.stage(), role.sinceNanos(), decision.now());
    if (view.isNamed() && view.roles().epoch() == role.epoch()) {
      decision.become(
          role.at(Stage.LEASE, 0, decision.now()), "the cluster's record names this node");
      decision.act(new Action.BeginLease(role.epoch()));
      if (role.unasked()) {
        decision.act(
            new Action.Remember(view.damping().promoted(decision.now(), decision.timing())));
      }
    } else if (view.record().number() != role.version()) {
      Election.giveUp(
          decision, role.settled(), decision.soonNanos(), "the cluster's record changed meanwhile");
    } else if (progress.failed()) {
      Election.giveUp(
          decision,
          role.settled(),
          decision.soonNanos(),
          "the cluster's record could not be written: " + progress.problem());
    } else if (decision.mayWrite()) {
      write(decision, role.epoch());
    }
  }

  private static void lease(Decision decision, Role.Promoting role) {
    View view = decision.view();
    Progress progress = Progress.within(view, role.stage(), role.sinceNanos(), decision.now());
    if (!isNamed(view, role)) {
      fail(decision, role, "the cluster's record names another node", "");
    } else if (view.lease().heldEpoch() == role.epoch()) {
      next(decision, role);
    } else if (progress.failed()) {
      fail(decision, role, "no majority let this node hold the lease", "");
    }
  }

  private static void work(Decision decision, Role.Promoting role) {
    View view = decision.view();
    Progress progress =
        Progress.of(view, role.stage(), role.task(), role.sinceNanos(), decision.now());
    if (!isNamed(view, role)) {
      fail(decision, role, "the cluster's record names another node", "");
    } else if (view.lease().heldEpoch() != role.epoch()) {
      fail(decision, role, "the lease was lost meanwhile", "");
    } else if (progress.failed()) {
      String failure = "%s: %s".formatted(failed(role.stage()), progress.problem());
      fail(decision, role, failure, failure);
    } else if (progress.ended() && role.stage() != Stage.ANNOUNCE) {
      next(decision, role);
    } else if (progress.ended()) {
      String reason = "this node is primary of epoch " + role.epoch();
      decision.become(new Role.Primary(role.epoch(), decision.now(), Map.of(), ""), reason);
      decision.answer(Order.Failover.class, true, reason);
    }
  }

  private static boolean isNamed(View view, Role.Promoting role) {
    return view.isNamed() && view.roles().epoch() == role.epoch();
  }

  private static void next(Decision decision, Role.Promoting role) {
    Stage stage = role.stage().next();
    decision.become(role.at(stage, decision.nextTask(), decision.now()), stage.text());
    decision.perform(stage, role.epoch());
  }

  private static String failed(Stage stage) {
    return switch (stage) {
      case SETTLE -> "the mirrors could not be brought to rest";
      case ADDRESS_ADD -> "the address could not be added";
      case SERVICES_START -> "the services did not start";
      case GATE -> "the gate could not be opened";
      case ANNOUNCE -> "the address could not be announced";
      case RECORD, LEASE, DRAIN, GATE_SHUT, SERVICES_STOP, ADDRESS_REMOVE, BARRIER ->
          stage.text() + " failed";
    };
  }

  /**
   * @param blame what is wrong with this node; empty where nothing is
   */
  private static void fail(Decision decision, Role.Promoting role, String reason, String blame) {
    View view = decision.view();
    boolean goesOn = view.isHandsOff() && !role.settled() && view.isNamed();
    if (goesOn) {
      decision.become(
          new Role.Unsettled(decision.now(), decision.soonNanos(), ""),
          reason + "; hands are off, so everything stays as it is");
      decision.act(new Action.Release(role.epoch(), reason));
    } else {
      long rested = decision.now() + decision.timing().rest().toNanos();
      Demotion.begin(decision, new Demotion.How(role.epoch(), "", rested), reason);
    }
    if (!blame.isEmpty()) {
      decision.act(new Action.Remember(view.damping().failed(blame, decision.now())));
    }
    decision.answer(Order.Failover.class, false, reason);
  }
}

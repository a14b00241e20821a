package org.hotspare.failover;

/**
 * A primary gives its role to another node: the services stop, the other node gets all that was
 * written, and only then is the lease given up. What is planned is called off rather than that
 * anything is lost; a primary that fails hands over all the same, since a member of the promotable
 * set has whatever was confirmed.
 */
final class HandOver {
  private HandOver() {}

  static void begin(Decision decision, Role.Primary role, String to, Role.Cause cause) {
    decision.become(
        new Role.HandingOver(
            role, to, cause, Stage.SERVICES_STOP, decision.nextTask(), decision.now()),
        "%s: hands over to %s".formatted(cause.reason(), to));
    if (decision.view().gateHeld()) {
      decision.act(new Action.FreeGate("it is about to hand over"));
    }
    decision.perform(Stage.SERVICES_STOP, role.epoch());
  }

  static void decide(Decision decision, Role.HandingOver role) {
    View view = decision.view();
    long epoch = role.from().epoch();
    if (!Primacy.isOfRecord(view, epoch)) {
      Demotion.begin(decision, Demotion.plain(decision, epoch), Primacy.noMore(view));
      return;
    }
    if (view.lease().heldEpoch() != epoch) {
      Demotion.begin(
          decision,
          Demotion.plain(decision, epoch),
          "the lease of epoch %d is over".formatted(epoch));
      decision.answer(Order.Switchover.class, false, "the lease was lost meanwhile");
      return;
    }
    Progress progress =
        Progress.of(view, role.stage(), role.task(), role.sinceNanos(), decision.now());
    if (progress.ended()) {
      ended(decision, role, progress);
    }
  }

  private static void ended(Decision decision, Role.HandingOver role, Progress progress) {
    boolean callsOff = role.cause().planned() && progress.failed();
    switch (role.stage()) {
      case SERVICES_STOP -> {
        if (callsOff) {
          callOff(decision, role, "the services did not stop: " + progress.problem());
        } else {
          next(decision, role, Stage.BARRIER, Stage.BARRIER.text());
        }
      }
      case BARRIER -> {
        if (callsOff) {
          callOff(decision, role, role.to() + " did not get everything: " + progress.problem());
        } else if (!isPromotable(decision, role) && role.cause().planned()) {
          callOff(decision, role, role.to() + " may not be promoted any more");
        } else {
          pass(decision, role, progress);
        }
      }
      case SERVICES_START -> called(decision, role, progress);
      case RECORD, LEASE, SETTLE, ADDRESS_ADD, GATE, ANNOUNCE, ADDRESS_REMOVE ->
          throw new IllegalStateException(role.stage() + " while handing over");
    }
  }

  private static boolean isPromotable(Decision decision, Role.HandingOver role) {
    return decision.view().roles().promotable().contains(role.to());
  }

  private static void next(Decision decision, Role.HandingOver role, Stage stage, String reason) {
    decision.become(role.at(stage, decision.nextTask(), decision.now()), reason);
    decision.perform(stage, role.from().epoch());
  }

  private static void callOff(Decision decision, Role.HandingOver role, String reason) {
    next(decision, role, Stage.SERVICES_START, "called off, since " + reason);
    decision.answer(Order.Switchover.class, false, reason);
  }

  private static void called(Decision decision, Role.HandingOver role, Progress progress) {
    if (!progress.failed()) {
      decision.become(role.from().since(decision.now()), "this node stays the primary");
      return;
    }
    String failure = "the services did not start again: " + progress.problem();
    Demotion.begin(decision, rested(decision, role, ""), failure);
    decision.act(new Action.Remember(decision.view().damping().failed(failure, decision.now())));
  }

  private static Demotion.How rested(Decision decision, Role.HandingOver role, String to) {
    long rested = decision.now() + decision.timing().rest().toNanos();
    return new Demotion.How(role.from().epoch(), "", to, rested);
  }

  private static void pass(Decision decision, Role.HandingOver role, Progress progress) {
    String reason =
        progress.failed()
            ? "gives way to %s, which may lack what was not confirmed: %s"
                .formatted(role.to(), progress.problem())
            : "gives way to %s, which has everything".formatted(role.to());
    Demotion.begin(decision, rested(decision, role, role.to()), reason);
    if (role.cause().failing()) {
      decision.act(
          new Action.Remember(
              decision.view().damping().failed(role.cause().reason(), decision.now())));
    }
    decision.answer(Order.Switchover.class, !progress.failed(), reason);
  }
}

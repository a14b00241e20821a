package org.hotspare.failover;

import java.time.Duration;
import org.hotspare.lease.Roles;

/**
 * A primary gives its role to another node: the gate is shut, the services stop, the other node
 * gets all that was written, and only then is the lease given up. While the gate is still open the
 * other node gets what was written so far, so that clients wait for little. What is planned is
 * called off rather than that anything is lost; a primary that fails or is stopped hands over all
 * the same, since a member of the promotable set has whatever was confirmed. A pause calls off all
 * of them: nobody else could be promoted.
 */
final class HandOver {
  private HandOver() {}

  static void begin(Decision decision, Role.Primary role, String to, Role.Cause cause) {
    // Who fails has no time for what shortens the rest.
    Stage first = cause.failing() ? Stage.GATE_SHUT : Stage.DRAIN;
    decision.become(
        new Role.HandingOver(role, to, cause, "", first, decision.nextTask(), decision.now()),
        "%s: hands over to %s".formatted(cause.reason(), to));
    perform(decision, first, role.epoch());
  }

  private static void perform(Decision decision, Stage stage, long epoch) {
    if (stage == Stage.GATE_SHUT && decision.view().gateHeld()) {
      decision.act(new Action.FreeGate("it is about to hand over"));
    }
    decision.perform(stage, epoch);
  }

  static void decide(Decision decision, Role.HandingOver role) {
    View view = decision.view();
    long epoch = role.from().epoch();
    if (!Primacy.isOfRecord(view, epoch)) {
      Demotion.begin(decision, Demotion.plain(decision, epoch), Primacy.noMore(view));
      return;
    }
    if (view.lease().heldEpoch() != epoch) {
      Primacy.lostLease(decision, epoch, role.isServing());
      decision.answer(Order.Switchover.class, false, "the lease was lost meanwhile");
      return;
    }
    String obstacle = role.isCalledOff() ? "" : obstacle(view, role);
    Progress progress = progress(decision, role);
    if (!obstacle.isEmpty()) {
      callOff(decision, role, obstacle);
    } else if (progress.ended()) {
      ended(decision, role, progress);
    }
  }

  /** What makes it vain to go on; empty where nothing does. */
  private static String obstacle(View view, Role.HandingOver role) {
    Roles.Pause pause = view.roles().pause();
    if (pause != null) {
      return "failover is paused: " + pause.reason();
    }
    if (!role.cause().planned()) {
      return "";
    }
    if (!view.roles().promotable().contains(role.to())) {
      return role.to() + " may not be promoted any more";
    }
    return Successor.isConnected(view, role.to()) ? "" : role.to() + " is not connected any more";
  }

  /** A primary that fails takes its time for nothing. */
  private static Progress progress(Decision decision, Role.HandingOver role) {
    View view = decision.view();
    Duration limit = decision.timing().limit(role.stage());
    Duration steady = decision.timing().steady();
    boolean hurries = role.cause().failing() && !role.isCalledOff() && limit.compareTo(steady) > 0;
    Progress progress =
        Progress.of(view, hurries ? steady : limit, role.task(), role.sinceNanos(), decision.now());
    boolean held = role.stage() == Stage.GATE_SHUT && view.gateHeld() && !progress.failed();
    return held ? Progress.within(view, role.stage(), role.sinceNanos(), decision.now()) : progress;
  }

  private static void ended(Decision decision, Role.HandingOver role, Progress progress) {
    String problem = progress.failed() ? problem(role, progress.problem()) : "";
    if (role.cause().planned() && progress.failed() && !role.isCalledOff()) {
      callOff(decision, role, problem);
      return;
    }
    String flaw = role.flaw().isEmpty() ? problem : role.flaw();
    switch (role.stage()) {
      // What did not get there by then still may.
      case DRAIN -> next(decision, role, Stage.GATE_SHUT, "");
      case GATE_SHUT -> next(decision, role, Stage.SERVICES_STOP, flaw);
      case SERVICES_STOP -> next(decision, role, Stage.BARRIER, flaw);
      case BARRIER -> pass(decision, role, flaw);
      case SERVICES_START, GATE -> calledOff(decision, role, problem);
      case RECORD, LEASE, SETTLE, ADDRESS_ADD, ANNOUNCE, ADDRESS_REMOVE ->
          throw new IllegalStateException(role.stage() + " while handing over");
    }
  }

  private static String problem(Role.HandingOver role, String problem) {
    return switch (role.stage()) {
      case GATE_SHUT -> "the gate was not shut: " + problem;
      case SERVICES_STOP -> "the services did not stop: " + problem;
      case DRAIN, BARRIER -> role.to() + " did not get everything: " + problem;
      case SERVICES_START -> "the services did not start again: " + problem;
      case GATE -> "the gate could not be opened again: " + problem;
      case RECORD, LEASE, SETTLE, ADDRESS_ADD, ANNOUNCE, ADDRESS_REMOVE -> problem;
    };
  }

  private static void next(Decision decision, Role.HandingOver role, Stage stage, String flaw) {
    decision.become(
        role.at(stage, flaw, decision.nextTask(), decision.now()),
        flaw.isEmpty() ? stage.text() : "%s, though %s".formatted(stage.text(), flaw));
    perform(decision, stage, role.from().epoch());
  }

  private static void callOff(Decision decision, Role.HandingOver role, String reason) {
    String text = "called off, since " + reason;
    if (role.isServing()) {
      decision.become(role.from().since(decision.now()), text);
    } else {
      decision.become(role.at(Stage.SERVICES_START, "", decision.nextTask(), decision.now()), text);
      decision.perform(Stage.SERVICES_START, role.from().epoch());
    }
    decision.answer(Order.Switchover.class, false, reason);
  }

  private static void calledOff(Decision decision, Role.HandingOver role, String problem) {
    if (!problem.isEmpty()) {
      Demotion.begin(decision, rested(decision, role, ""), problem);
      decision.act(new Action.Remember(decision.view().damping().failed(problem, decision.now())));
    } else if (role.stage() == Stage.SERVICES_START) {
      next(decision, role, Stage.GATE, "");
    } else {
      decision.become(role.from().since(decision.now()), "this node stays the primary");
    }
  }

  private static Demotion.How rested(Decision decision, Role.HandingOver role, String to) {
    long rested = decision.now() + decision.timing().rest().toNanos();
    return new Demotion.How(role.from().epoch(), to, rested);
  }

  private static void pass(Decision decision, Role.HandingOver role, String flaw) {
    String reason =
        flaw.isEmpty()
            ? "gives way to %s, which has everything".formatted(role.to())
            : "gives way to %s, which may lack what was not confirmed: %s"
                .formatted(role.to(), flaw);
    Stage first = flaw.isEmpty() ? Stage.ADDRESS_REMOVE : Stage.SERVICES_STOP;
    Demotion.begin(decision, rested(decision, role, role.to()), first, reason);
    if (role.cause().failing()) {
      decision.act(
          new Action.Remember(
              decision.view().damping().failed(role.cause().reason(), decision.now())));
    }
    boolean another =
        decision.view().order() instanceof Order.Switchover asked
            && !asked.to().isEmpty()
            && !asked.to().equals(role.to());
    if (another || !flaw.isEmpty()) {
      decision.answer(Order.Switchover.class, false, reason);
    }
  }
}

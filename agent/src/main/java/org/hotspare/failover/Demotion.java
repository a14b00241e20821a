package org.hotspare.failover;

import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * From primary to standby. The gate is shut before it begins, by whoever drives the lease; what is
 * taken down here is taken down whether or not it works out, each within its time.
 */
final class Demotion {
  private Demotion() {}

  /** See {@link Role.Demoting}. */
  record How(long epoch, String restore, String handsOverTo, long notBeforeNanos) {}

  /** Of a primary that may stand again soon. */
  static How plain(Decision decision, long epoch) {
    return new How(epoch, "", "", decision.soonNanos());
  }

  static void begin(Decision decision, How how, String reason) {
    decision.become(
        new Role.Demoting(
            how.epoch(),
            how.restore(),
            how.handsOverTo(),
            how.notBeforeNanos(),
            Stage.SERVICES_STOP,
            decision.nextTask(),
            decision.now()),
        reason);
    if (decision.view().gateHeld()) {
      decision.act(new Action.FreeGate(reason));
    }
    decision.act(new Action.Release(how.epoch(), reason));
    decision.perform(Stage.SERVICES_STOP, how.epoch());
  }

  static void decide(Decision decision, Role.Demoting role) {
    Progress progress =
        Progress.of(decision.view(), role.stage(), role.task(), role.sinceNanos(), decision.now());
    boolean restores = restores(decision.view(), role);
    if (role.stage() == Stage.SERVICES_STOP && progress.ended()) {
      decision.become(
          role.at(Stage.ADDRESS_REMOVE, decision.nextTask(), decision.now()),
          progress.failed()
              ? "the services could not be stopped: " + progress.problem()
              : "the services are stopped");
      decision.perform(Stage.ADDRESS_REMOVE, role.epoch());
    } else if (progress.ended() && (!restores || isTooLate(decision, role))) {
      decision.become(
          new Role.Standby(decision.now(), role.notBeforeNanos(), "", "", 0),
          progress.failed()
              ? "the address could not be removed: " + progress.problem()
              : "this node is a standby");
    }
    if (restores && decision.view().openWrite() == null) {
      restore(decision, role.restore());
    }
  }

  /** Whether somebody is still to be put back, and may be: nothing was confirmed meanwhile. */
  private static boolean restores(View view, Role.Demoting role) {
    return !role.restore().isEmpty()
        && view.isNamed()
        && view.roles().epoch() == role.epoch()
        && !view.roles().promotable().contains(role.restore());
  }

  private static boolean isTooLate(Decision decision, Role.Demoting role) {
    return Progress.within(decision.view(), Stage.RECORD, role.sinceNanos(), decision.now())
        .failed();
  }

  private static void restore(Decision decision, String former) {
    NavigableSet<String> more = new TreeSet<>(decision.view().roles().promotable());
    more.add(former);
    decision.write(
        decision.view().roles().withPromotable(more),
        former + " may be promoted again, since this node could not become the primary");
  }
}

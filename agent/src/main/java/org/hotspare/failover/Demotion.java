package org.hotspare.failover;

/**
 * From primary to standby. What is taken down here is taken down whether or not it works out, each
 * within its time.
 *
 * <p>Invariant: the lease is not released while the gate may be held. Whoever drives the lease
 * shuts a gate that follows it before others are told.
 */
final class Demotion {
  private Demotion() {}

  /** See {@link Role.Demoting}. */
  record How(long epoch, String handsOverTo, long notBeforeNanos) {}

  /** Of a primary that may stand again soon. */
  static How plain(Decision decision, long epoch) {
    return new How(epoch, "", decision.soonNanos());
  }

  static void begin(Decision decision, How how, String reason) {
    begin(decision, how, Stage.SERVICES_STOP, reason);
  }

  /**
   * @param first ADDRESS_REMOVE where the services are known to be stopped, else SERVICES_STOP
   */
  static void begin(Decision decision, How how, Stage first, String reason) {
    decision.become(
        new Role.Demoting(
            how.epoch(),
            how.handsOverTo(),
            how.notBeforeNanos(),
            first,
            decision.nextTask(),
            decision.now()),
        reason);
    // Where it is held it is looked whether that ended, and only then the lease is released.
    decision.act(
        decision.view().gateHeld()
            ? new Action.FreeGate(reason)
            : new Action.Release(how.epoch(), reason));
    decision.perform(first, how.epoch());
  }

  static void decide(Decision decision, Role.Demoting role) {
    Progress progress =
        Progress.of(decision.view(), role.stage(), role.task(), role.sinceNanos(), decision.now());
    if (!progress.ended()) {
      return;
    }
    if (role.stage() == Stage.SERVICES_STOP) {
      decision.become(
          role.at(Stage.ADDRESS_REMOVE, decision.nextTask(), decision.now()),
          progress.failed()
              ? "the services could not be stopped: " + progress.problem()
              : "the services are stopped");
      decision.perform(Stage.ADDRESS_REMOVE, role.epoch());
    } else if (!awaitsSuccessor(decision, role)) {
      decision.become(
          new Role.Standby(decision.now(), role.notBeforeNanos(), "", "", 0),
          progress.failed()
              ? "the address could not be removed: " + progress.problem()
              : "this node is a standby");
      String to = role.handsOverTo();
      boolean taken = !to.isEmpty() && decision.view().leader().node().equals(to);
      decision.answer(
          Order.Switchover.class,
          taken,
          taken ? to + " took over" : "nobody was promoted instead of this node yet");
    }
  }

  /**
   * Whoever asked for it is told of the end, and until then this node goes on to vote. That there
   * is a higher epoch may be known before it is known whose it is. Of two voters none gets anywhere
   * without the other, so one that is stopped does not end at once.
   */
  private static boolean awaitsSuccessor(Decision decision, Role.Demoting role) {
    View view = decision.view();
    boolean awaits =
        switch (view.order()) {
          case Order.Switchover _ -> view.leader().epoch() <= role.epoch();
          case Order.Stop _ -> view.isNamed() || view.voters().size() == 2;
          case Order.None _, Order.Pause _, Order.Resume _, Order.Failover _ -> false;
        };
    return awaits && !role.handsOverTo().isEmpty() && decision.now() - role.notBeforeNanos() < 0;
  }
}

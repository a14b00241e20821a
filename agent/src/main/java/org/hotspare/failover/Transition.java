package org.hotspare.failover;

import org.hotspare.failover.LeaseView.Attempt;

/**
 * Which role may follow which, and what must be the case then: the invariants of {@link
 * FailoverPolicy}, checked whenever a role changes. That one does not hold is a bug.
 */
final class Transition {
  private Transition() {}

  static void require(View view, Role next) {
    String broken =
        switch (next) {
          case Role.Unsettled _ -> unsettled(view);
          case Role.Standby _ -> standby(view);
          case Role.Candidate candidate -> candidate(view, candidate);
          case Role.Promoting promoting -> promoting(view, promoting);
          case Role.Primary primary -> primary(view, primary);
          case Role.HandingOver handing -> handingOver(view, handing);
          case Role.Demoting demoting -> demoting(view, demoting);
        };
    if (!broken.isEmpty()) {
      throw new IllegalStateException(
          "%s: from %s to %s under %s".formatted(broken, view.role(), next, view.record()));
    }
  }

  /** What serves here may go on only under the record's protection, or where nothing is known. */
  private static String unsettled(View view) {
    return switch (view.role()) {
      case Role.Unsettled _ -> "";
      case Role.Candidate candidate -> candidate.settled() ? "it was settled" : "";
      case Role.Promoting promoting -> promoting.settled() ? "it was settled" : "";
      case Role.Primary _ -> view.isHandsOff() ? "" : "hands are not off";
      case Role.HandingOver handing when handing.isServing() ->
          view.isHandsOff() ? "" : "hands are not off";
      case Role.Standby _, Role.HandingOver _, Role.Demoting _ -> "it was settled";
    };
  }

  private static String standby(View view) {
    return switch (view.role()) {
      case Role.Standby _, Role.Demoting _ -> "";
      case Role.Candidate candidate -> candidate.settled() ? "" : "services may still be here";
      case Role.Promoting promoting ->
          promoting.settled() && promoting.stage() == Stage.RECORD ? "" : "services may be here";
      case Role.Unsettled _, Role.Primary _, Role.HandingOver _ -> "services may still be here";
    };
  }

  private static String candidate(View view, Role.Candidate next) {
    if (next.version() != view.record().number()) {
      return "it stands under an older record";
    }
    return switch (view.role()) {
      case Role.Standby _ -> next.settled() ? "" : "it was settled";
      case Role.Unsettled _ ->
          next.settled()
              ? "it was not settled"
              : view.isReplaced() ? "another node is primary" : "";
      case Role.Candidate before -> before.settled() == next.settled() ? "" : "it changed sides";
      case Role.Promoting _, Role.Primary _, Role.HandingOver _, Role.Demoting _ ->
          "it is, or was just now, the primary";
    };
  }

  private static String promoting(View view, Role.Promoting next) {
    return switch (view.role()) {
      case Role.Candidate candidate -> endorsed(view, candidate, next);
      case Role.Promoting before -> further(view, before, next);
      case Role.Unsettled _, Role.Standby _ -> "it did not stand for election";
      case Role.Primary _, Role.HandingOver _, Role.Demoting _ -> "it did not stand for election";
    };
  }

  private static String endorsed(View view, Role.Candidate candidate, Role.Promoting next) {
    if (!(view.lease().attempt() instanceof Attempt.Endorsed(long epoch))
        || epoch != next.epoch()) {
      return "no majority endorsed it";
    }
    if (next.epoch() <= view.roles().epoch()) {
      return "the epoch does not grow";
    }
    return next.version() == candidate.version() && next.version() == view.record().number()
        ? ""
        : "the record is not the one under which it stood";
  }

  private static String further(View view, Role.Promoting before, Role.Promoting next) {
    if (next.epoch() != before.epoch() || next.stage() != before.stage().next()) {
      return "it left out a stage";
    }
    if (!isOfRecord(view, next.epoch())) {
      return "the record does not name it";
    }
    return next.stage() == Stage.LEASE || holds(view, next.epoch()) ? "" : "it holds no lease";
  }

  private static String primary(View view, Role.Primary next) {
    if (!isOfRecord(view, next.epoch())) {
      return "the record does not name it";
    }
    if (!holds(view, next.epoch())) {
      return "it holds no lease";
    }
    return switch (view.role()) {
      case Role.Promoting before ->
          before.epoch() == next.epoch() && before.stage() == Stage.ANNOUNCE
              ? ""
              : "it was not promoted to the end";
      case Role.Primary before -> before.epoch() == next.epoch() ? "" : "another epoch";
      case Role.HandingOver before -> before.from().epoch() == next.epoch() ? "" : "another epoch";
      case Role.Unsettled _, Role.Standby _ -> "it was not promoted";
      case Role.Candidate _, Role.Demoting _ -> "it was not promoted";
    };
  }

  private static String handingOver(View view, Role.HandingOver next) {
    if (view.role() instanceof Role.HandingOver) {
      return "";
    }
    if (!(view.role() instanceof Role.Primary)) {
      return "it is not the primary";
    }
    if (view.roles().pause() != null) {
      return "nobody could take over under a pause";
    }
    return view.roles().promotable().contains(next.to())
        ? ""
        : next.to() + " may lack what was confirmed";
  }

  private static String demoting(View view, Role.Demoting next) {
    boolean givesWay = !next.handsOverTo().isEmpty();
    return switch (view.role()) {
      case Role.Unsettled _, Role.Promoting _, Role.Primary _ ->
          givesWay ? "it did not hand over" : "";
      case Role.HandingOver before -> givesWay ? givingWay(before) : "";
      case Role.Demoting before ->
          next.handsOverTo().equals(before.handsOverTo()) ? "" : "it gives way to another";
      case Role.Standby _, Role.Candidate _ -> "nothing is to be taken down";
    };
  }

  private static String givingWay(Role.HandingOver before) {
    if (before.stage() != Stage.BARRIER) {
      return "it gives way before the barrier";
    }
    return before.cause().planned() && !before.flaw().isEmpty() ? "something may be lost" : "";
  }

  private static boolean isOfRecord(View view, long epoch) {
    return view.isNamed() && view.roles().epoch() == epoch;
  }

  private static boolean holds(View view, long epoch) {
    return view.lease().heldEpoch() == epoch;
  }
}

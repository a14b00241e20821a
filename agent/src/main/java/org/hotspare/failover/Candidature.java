package org.hotspare.failover;

import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.hotspare.failover.LeaseView.Attempt;
import org.hotspare.failover.Role.Candidate;
import org.hotspare.failover.Role.Candidate.Phase;
import org.hotspare.lease.Roles;

/**
 * The way from standing for election to being endorsed.
 *
 * <p>Invariant: it stands for one version of the record, in which nothing spoke against promoting
 * this node, and only that version is replaced later. So it does not matter how long it took, or
 * what the primary wrote meanwhile.
 */
final class Candidature {
  /** By how many epochs a record that was rebuilt is ahead of what others may go on with. */
  private static final long EPOCHS_APART = 1000;

  private Candidature() {}

  static void decide(Decision decision, Candidate role) {
    String end = reasonToEnd(decision, role);
    if (!end.isEmpty()) {
      giveUp(decision, role, end);
      return;
    }
    switch (role.phase()) {
      case ASKING -> ask(decision, role);
      case WAITING -> await(decision, role);
      case FENCING -> fence(decision, role);
      case REBUILDING -> rebuild(decision, role);
      case STANDING -> count(decision, role);
    }
  }

  private static void giveUp(Decision decision, Candidate role, String reason) {
    Election.giveUp(decision, role.settled(), decision.soonNanos(), reason);
  }

  private static boolean isAsked(Candidate role) {
    return role.order() instanceof Order.Failover;
  }

  private static boolean isSaidToBeAlone(Candidate role) {
    return role.order() instanceof Order.Failover failover && failover.othersAreOff();
  }

  private static String reasonToEnd(Decision decision, Candidate role) {
    View view = decision.view();
    if (role.phase() != Phase.REBUILDING && view.record().number() != role.version()) {
      return "the cluster's record changed meanwhile";
    }
    if (!isAsked(role) && role.over() == 0 && !view.lease().over()) {
      return "the primary is heard again";
    }
    boolean believes = role.phase() == Phase.ASKING || role.phase() == Phase.WAITING;
    if (believes && isSaidToBeAlone(role)) {
      for (Map.Entry<String, Report.Heard> other : view.heard().entrySet()) {
        if (hasAnswered(other.getValue(), role)) {
          return "%s answers, so not all others are off; switch it off, or leave out --others-are-off"
              .formatted(other.getKey());
        }
      }
    }
    return Eligibility.refusal(view, role.order(), decision.now());
  }

  private static void ask(Decision decision, Candidate role) {
    View view = decision.view();
    long asked = decision.now() - role.sinceNanos();
    boolean invited = view.invited(decision.now()).equals(view.self());
    // Whom the former primary names has everything, and need not be compared with others. Its
    // mirrors come to rest before they lead in any case.
    if (!invited && view.copy().sealedEpoch() < view.roles().epoch()) {
      Duration limit = decision.timing().limit(Stage.SETTLE);
      if (asked >= limit.toNanos()) {
        giveUp(decision, role, "the mirrors did not come to rest within " + Text.of(limit));
      }
      return;
    }
    Duration patience =
        view.copy().crashed() ? decision.timing().crashAnswers() : decision.timing().answers();
    if (isSaidToBeAlone(role) && asked < decision.timing().fresh().toNanos()) {
      return;
    }
    if (!isAsked(role) && !invited && !haveAnswered(view, role) && asked < patience.toNanos()) {
      return;
    }
    int place = isAsked(role) ? 0 : Ranking.place(view, role.sinceNanos(), decision.now());
    long standsAt = decision.now() + place * decision.timing().apart().toNanos();
    decision.become(
        new Candidate(
            role.version(),
            role.settled(),
            role.order(),
            role.over(),
            Phase.WAITING,
            // Who answered since it asked has answered.
            role.sinceNanos(),
            standsAt),
        place == 0
            ? "no node that answered goes before this one"
            : "%d of the nodes that answered go before this one".formatted(place));
  }

  private static boolean haveAnswered(View view, Candidate role) {
    Set<String> missing = new HashSet<>(view.roles().promotable());
    missing.remove(view.self());
    missing.removeIf(
        node -> {
          Report.Heard heard = view.heard().get(node);
          return heard != null && hasAnswered(heard, role);
        });
    return missing.isEmpty();
  }

  private static boolean hasAnswered(Report.Heard heard, Candidate role) {
    return heard.atNanos() - role.sinceNanos() >= 0;
  }

  private static void await(Decision decision, Candidate role) {
    View view = decision.view();
    if (decision.now() - role.standsAtNanos() < 0) {
      return;
    }
    boolean alone = view.voters().equals(Set.of(view.self()));
    if (isSaidToBeAlone(role) && !alone) {
      rebuildFrom(decision, role, "an operator says that all others are off");
      return;
    }
    if (needsFence(decision, role)) {
      long epoch = view.highestEpoch();
      decision.become(
          role.at(Phase.FENCING, decision.now()),
          "the other voter does not answer, so it is fenced");
      decision.act(new Action.Fence(epoch, "its lease is over and it does not answer"));
      return;
    }
    decision.become(role.at(Phase.STANDING, decision.now()), "asks the voters to endorse it");
    decision.act(
        new Action.Campaign(view.roles().epoch(), role.over(), decision.timing().campaign()));
  }

  /**
   * Of two voters the other one does not answer: only a fence can tell that it is off. Before there
   * was a primary it is a machine that is being set up.
   */
  private static boolean needsFence(Decision decision, Candidate role) {
    View view = decision.view();
    boolean begun = view.roles().epoch() > 0;
    boolean mayFence = view.settings().fence() && begun && view.roles().pause() == null;
    // Who hands over its role is there, whenever it said so.
    boolean invited = view.invited(decision.now()).equals(view.self());
    if (view.voters().size() != 2 || !mayFence || invited) {
      return false;
    }
    return view.voters().stream()
        .filter(voter -> !voter.equals(view.self()))
        .map(view.heard()::get)
        .noneMatch(heard -> heard != null && hasAnswered(heard, role));
  }

  private static void fence(Decision decision, Candidate role) {
    View view = decision.view();
    Duration limit = decision.timing().fence();
    boolean late = decision.now() - role.sinceNanos() >= limit.toNanos();
    long rested = decision.now() + decision.timing().rest().toNanos();
    switch (view.fencing().answer()) {
      case OFF -> {
        if (view.fencing().epoch() >= view.highestEpoch()) {
          rebuildFrom(decision, role, "the fence confirmed that the other voter is off");
        } else {
          giveUp(decision, role, "the other voter was seen after it was fenced");
        }
      }
      case NOT_OFF ->
          Election.giveUp(decision, role.settled(), rested, "the other node is not off");
      case UNKNOWN ->
          Election.giveUp(
              decision,
              role.settled(),
              rested,
              "the fence does not know whether the other node is off, so nobody is promoted");
      case ASKED -> {
        if (late) {
          Election.giveUp(
              decision,
              role.settled(),
              rested,
              "the fence did not answer within " + Text.of(limit) + ", so nobody is promoted");
        }
      }
    }
  }

  private static void rebuildFrom(Decision decision, Candidate role, String reason) {
    View view = decision.view();
    decision.become(
        new Candidate(
            role.version(),
            role.settled(),
            role.order(),
            view.highestEpoch(),
            Phase.REBUILDING,
            decision.now(),
            decision.now()),
        reason);
    Set<String> others = new TreeSet<>(view.members());
    others.remove(view.self());
    // No holder of these is left, and the others, when they return, do not get as far by
    // themselves.
    long epoch = view.highestEpoch() + EPOCHS_APART;
    decision.act(
        new Action.RebuildRecord(
            view.record().number(),
            new Roles(epoch, view.self(), others, Set.of(view.self()), null),
            reason + ": from now on this node alone decides"));
  }

  private static void rebuild(Decision decision, Candidate role) {
    View view = decision.view();
    if (view.voters().equals(Set.of(view.self()))) {
      decision.become(
          new Candidate(
              view.record().number(),
              role.settled(),
              role.order(),
              role.over(),
              Phase.STANDING,
              decision.now(),
              decision.now()),
          "the record is rebuilt");
      decision.act(
          new Action.Campaign(view.roles().epoch(), role.over(), decision.timing().campaign()));
      return;
    }
    Duration limit = decision.timing().limit(Stage.SETTLE);
    if (decision.now() - role.sinceNanos() >= limit.toNanos()) {
      giveUp(decision, role, "the record was not rebuilt within " + Text.of(limit));
    }
  }

  private static void count(Decision decision, Candidate role) {
    switch (decision.view().lease().attempt()) {
      case Attempt.Endorsed(long epoch) when epoch > decision.view().roles().epoch() ->
          Promotion.begin(decision, role, epoch);
      case Attempt.Endorsed _ -> giveUp(decision, role, "it was endorsed for an epoch of the past");
      case Attempt.NotEndorsed(long epoch, String reason) ->
          giveUp(decision, role, "not endorsed for epoch %d: %s".formatted(epoch, reason));
      case Attempt.None _, Attempt.Standing _ -> {
        Duration limit = decision.timing().campaign().multipliedBy(2);
        if (decision.now() - role.sinceNanos() >= limit.toNanos()) {
          giveUp(decision, role, "the voters were not asked within " + Text.of(limit));
        }
      }
    }
  }
}

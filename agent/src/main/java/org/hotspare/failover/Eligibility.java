package org.hotspare.failover;

import org.hotspare.lease.Roles;

/**
 * Whether this node may be promoted under the record as it is.
 *
 * <p>Invariant: without an operator who accepts a loss, only a node passes that holds everything a
 * barrier confirmed: a member of the promotable set, or the primary of the record itself, of a
 * record that is not older than the start of this agent.
 */
final class Eligibility {
  private Eligibility() {}

  /**
   * Why it may not; empty where nothing speaks against it.
   *
   * @param order what an operator asked
   */
  static String refusal(View view, Order order, long nowNanos) {
    if (!view.copy().neverComplete().isEmpty()) {
      return view.copy().neverComplete();
    }
    if (order instanceof Order.Failover failover) {
      String record = failover.othersAreOff() ? "" : ofRecord(view);
      return record.isEmpty() ? ofForced(view, failover) : record;
    }
    String record = ofRecord(view);
    if (!record.isEmpty()) {
      return record;
    }
    String cluster = ofCluster(view, nowNanos);
    if (!cluster.isEmpty()) {
      return cluster;
    }
    return ofNode(view, nowNanos);
  }

  /** Why it could not be promoted whoever asked for it, but for an operator who accepts a loss. */
  static String inability(View view, long nowNanos) {
    if (!view.copy().neverComplete().isEmpty()) {
      return view.copy().neverComplete();
    }
    String record = ofRecord(view);
    return record.isEmpty() ? ofNode(view, nowNanos) : record;
  }

  /**
   * What a node that knows too little of the cluster must not do, unless it is all that is left.
   */
  private static String ofRecord(View view) {
    if (view.isKeptOut()) {
      return "%s decides alone until all voters are back"
          .formatted(String.join(", ", view.voters()));
    }
    if (!view.recordConfirmed()) {
      return "no majority told this node what was agreed on, since it was started";
    }
    if (view.isOutdated()) {
      return "there is a higher epoch than this node was told of";
    }
    return view.roles().epoch() == 0 && !view.initiator()
        ? "only the node on which the cluster was made may be its first primary"
        : "";
  }

  private static String ofNode(View view, long nowNanos) {
    if (!view.isNamed() && !view.settings().candidates().contains(view.self())) {
      return "the configuration says that this node is not to be promoted";
    }
    String loss = ofLoss(view);
    if (!loss.isEmpty()) {
      return loss;
    }
    if (!view.ownFailing().isEmpty()) {
      return "on this machine " + Concerns.first(view.ownFailing());
    }
    return view.damping().refusal(view.isNamed(), nowNanos, view.settings().timing());
  }

  private static String ofForced(View view, Order.Failover order) {
    Roles.Pause pause = view.roles().pause();
    if (pause != null && !view.isNamed() && !order.othersAreOff()) {
      return "failover is paused: " + pause.reason();
    }
    if (view.isByHand() && !view.isNamed() && !order.othersAreOff()) {
      return "of two voters none can be outvoted: use switchover, or --others-are-off if %s is off"
          .formatted(view.roles().primary());
    }
    String loss = order.acceptLoss() ? "" : ofLoss(view);
    return loss.isEmpty() ? "" : loss + "; --accept-loss promotes it all the same";
  }

  /** What the cluster has to say: these keep others out, never the primary of the record. */
  private static String ofCluster(View view, long nowNanos) {
    if (view.isNamed() || view.roles().epoch() == 0) {
      return "";
    }
    Roles.Pause pause = view.roles().pause();
    if (pause != null) {
      return "failover is paused: " + pause.reason();
    }
    if (view.invited(nowNanos).equals(view.self())) {
      return "";
    }
    if (view.isByHand()) {
      return "there are two voters and no fence, so roles change by hand only";
    }
    return view.settings().automatic() ? "" : "automatic failover is off";
  }

  private static String ofLoss(View view) {
    if (!view.copy().incomplete().isEmpty()) {
      return view.copy().incomplete();
    }
    if (!view.recordConfirmed()) {
      return "no majority told this node, since it was started, whether it has all that was confirmed";
    }
    if (view.isNamed() || view.roles().epoch() == 0) {
      return "";
    }
    if (!view.roles().promotable().contains(view.self())) {
      return "it may lack changes that were confirmed, since %s did not wait for it any more"
          .formatted(view.roles().primary());
    }
    return view.copy().lag().compareTo(view.settings().maxLag()) <= 0
        ? ""
        : "it was more than %s behind when it was last connected"
            .formatted(Text.of(view.settings().maxLag()));
  }
}

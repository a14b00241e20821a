package org.hotspare.failover;

import java.time.Duration;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.hotspare.lease.Roles;
import org.jspecify.annotations.Nullable;

/**
 * Who is in the promotable set, kept up by the primary.
 *
 * <p>Invariant: whoever the record calls promotable has all that any barrier confirmed. It rests on
 * two orders. A barrier ignores a standby only after the record does. And a barrier waits for a
 * standby before the record may name it: first barriers wait for it, then what is numbered by now
 * is noted, and once it has that, the record is written. Until it is known what became of that
 * write barriers go on to wait.
 */
public final class PromotableSet {
  private PromotableSet() {}

  /**
   * The standbys for which a barrier has to wait, beside this node's own disk. Nothing is confirmed
   * where there is none: nobody but a primary that holds the lease confirms anything. To be asked
   * at the instant of confirming, under the same lock under which {@link Action.Become} is
   * performed.
   */
  public static Optional<Set<String>> awaited(View view) {
    Role.Primary primary =
        switch (view.role()) {
          case Role.Primary current -> current;
          case Role.HandingOver handing -> handing.from();
          case Role.Unsettled _, Role.Standby _, Role.Candidate _ -> null;
          case Role.Promoting _, Role.Demoting _ -> null;
        };
    if (primary == null
        || !view.isNamed()
        || view.roles().epoch() != primary.epoch()
        || view.lease().heldEpoch() != primary.epoch()) {
      return Optional.empty();
    }
    Set<String> awaited = new TreeSet<>(view.roles().promotable());
    awaited.addAll(primary.joining().keySet());
    return Optional.of(awaited);
  }

  /** Lets at most one standby leave or come a step closer. */
  static void upkeep(Decision decision, Role.Primary primary) {
    View view = decision.view();
    RecordWrite open = view.openWrite();
    if (open != null) {
      if (!open.running()) {
        // A pause that was asked for may not be wanted any more: whoever wants it asks again.
        decision.write(
            view.roles().withPromotable(open.roles().promotable()),
            "what became of the last change is not known: once more");
      }
      return;
    }
    if (!letLeave(decision, primary) && !forget(decision, primary)) {
      letJoin(decision, primary);
    }
  }

  private static boolean letLeave(Decision decision, Role.Primary primary) {
    Roles roles = decision.view().roles();
    for (String member : roles.promotable()) {
      String reason = reasonToLeave(decision, primary, member);
      if (!reason.isEmpty()) {
        NavigableSet<String> others = new TreeSet<>(roles.promotable());
        others.remove(member);
        decision.write(
            roles.withPromotable(others),
            "%s %s: barriers do not wait for it any more, and it is not promoted"
                .formatted(member, reason));
        return true;
      }
    }
    return false;
  }

  private static String reasonToLeave(Decision decision, Role.Primary primary, String member) {
    View view = decision.view();
    Duration limit = view.settings().timing().away();
    Follower follower = view.followers().get(member);
    if (!view.settings().candidates().contains(member)) {
      return "is not to be promoted";
    }
    if (follower == null) {
      boolean tooLong = decision.now() - primary.sinceNanos() >= limit.toNanos();
      return tooLong ? "has not come within " + Text.of(limit) : "";
    }
    if (follower.awayFor().compareTo(limit) > 0) {
      return "has been away for more than " + Text.of(limit);
    }
    if (!follower.complete()) {
      return "has no complete copy";
    }
    return follower.lag().compareTo(view.settings().maxLag()) > 0
        ? "is more than %s behind".formatted(Text.of(view.settings().maxLag()))
        : "";
  }

  /** Barriers do not wait for those that have joined, nor for those that fell behind again. */
  private static boolean forget(Decision decision, Role.Primary primary) {
    View view = decision.view();
    for (String joining : primary.joining().keySet()) {
      if (view.roles().promotable().contains(joining)) {
        decision.become(primary.without(joining), joining + " may be promoted from now on");
        return true;
      }
      if (!isInSync(view.followers().get(joining), Duration.ZERO)) {
        decision.become(primary.without(joining), joining + " fell behind before it could join");
        return true;
      }
    }
    return false;
  }

  private static void letJoin(Decision decision, Role.Primary primary) {
    View view = decision.view();
    for (String node : new TreeSet<>(view.settings().candidates())) {
      Follower follower = view.followers().get(node);
      Duration steady = view.settings().timing().steady();
      if (node.equals(view.self())
          || view.roles().promotable().contains(node)
          || !isInSync(follower, steady)) {
        continue;
      }
      Role.Joining joining = primary.joining().get(node);
      if (joining == null) {
        decision.become(
            primary.with(node, Role.Joining.begun(decision.now())),
            node + " is in sync: barriers wait for it");
        return;
      }
      if (!joining.noted()) {
        // What was seen before may lack what was confirmed until barriers waited.
        if (view.copy().seenNanos() - joining.sinceNanos() < 0) {
          continue;
        }
        decision.become(
            primary.with(node, joining.noting(view.copy().head())),
            node + " is to have all that is there by now");
        return;
      }
      if (follower != null && Ranking.covers(follower.durable(), joining.target())) {
        NavigableSet<String> more = new TreeSet<>(view.roles().promotable());
        more.add(node);
        decision.write(
            view.roles().withPromotable(more), node + " has everything and may be promoted");
        return;
      }
    }
  }

  private static boolean isInSync(@Nullable Follower follower, Duration steady) {
    return follower != null
        && follower.complete()
        && follower.awayFor().isZero()
        && !follower.inSyncFor().isZero()
        && follower.inSyncFor().compareTo(steady) >= 0;
  }
}

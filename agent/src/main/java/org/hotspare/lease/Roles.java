package org.hotspare.lease;

import java.util.Collections;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the members of a cluster agree on.
 *
 * @param epoch of the last promotion; 0 before the first
 * @param primary who was promoted then; empty before the first
 * @param promotable the standbys that a barrier waits for and that may be promoted
 * @param voters whose majority endorses a candidate
 * @param pause while it is there nobody is promoted
 */
public record Roles(
    long epoch,
    String primary,
    NavigableSet<String> promotable,
    NavigableSet<String> voters,
    @Nullable Pause pause) {
  /** Before anything was agreed on. */
  public static final Roles NONE = new Roles(0, "", Set.of(), Set.of(), null);

  /**
   * Hands off.
   *
   * @param untilSeconds of the wall clock, since 1970; 0 where it lasts until it is resumed
   */
  public record Pause(String reason, long untilSeconds) {}

  public Roles(
      long epoch,
      String primary,
      Set<String> promotable,
      Set<String> voters,
      @Nullable Pause pause) {
    this(epoch, primary, sorted(promotable), sorted(voters), pause);
  }

  public Roles {
    if (epoch < 0 || (epoch == 0) != primary.isEmpty()) {
      throw new IllegalArgumentException("epoch " + epoch + " of primary \"" + primary + "\"");
    }
    if (promotable.contains(primary)) {
      throw new IllegalArgumentException(primary + " is the primary, and no standby");
    }
    promotable = sorted(promotable);
    voters = sorted(voters);
  }

  private static NavigableSet<String> sorted(Set<String> names) {
    return Collections.unmodifiableNavigableSet(new TreeSet<>(names));
  }

  /**
   * After a promotion. The former primary may be promoted: it has all that was confirmed so far,
   * and nothing more is confirmed without it until it is taken out.
   */
  public Roles promoted(String node, long newEpoch) {
    if (newEpoch <= epoch) {
      throw new IllegalArgumentException("epoch " + newEpoch + " after " + epoch);
    }
    NavigableSet<String> others = new TreeSet<>(promotable);
    if (!primary.isEmpty()) {
      others.add(primary);
    }
    others.remove(node);
    return new Roles(newEpoch, node, others, voters, pause);
  }

  public Roles withPromotable(Set<String> standbys) {
    return new Roles(epoch, primary, standbys, voters, pause);
  }

  public Roles withVoters(Set<String> changed) {
    return new Roles(epoch, primary, promotable, sorted(changed), pause);
  }

  public Roles withPause(@Nullable Pause changed) {
    return new Roles(epoch, primary, promotable, voters, changed);
  }
}

package org.hotspare.lease;

import java.util.Collections;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * From where a record of the cluster begins, and who keeps it; these stay its members for ever.
 * Where all others are said to be off, the node that is left founds a record that it keeps alone.
 * When they are back, it founds another one with them.
 *
 * @param epoch of the record with which it begins; 0 for the first
 * @param founder empty for the first
 * @param members who keeps it
 * @param begun its first version
 * @param sinceSeconds of the wall clock, since 1970, for people; 0 for the first
 */
public record Founding(
    long epoch,
    String founder,
    NavigableSet<String> members,
    ClusterRecord.Version begun,
    long sinceSeconds) {
  public Founding {
    members = Collections.unmodifiableNavigableSet(new TreeSet<>(members));
    boolean first = epoch == 0 && founder.isEmpty();
    boolean later = epoch == begun.roles().epoch() && epoch > 0 && members.contains(founder);
    if (!first && !later) {
      throw new IllegalArgumentException(
          "founded by \"%s\" in epoch %d with %s".formatted(founder, epoch, members));
    }
  }

  /** The one with which every cluster begins. */
  public static Founding first(Set<String> members) {
    ClusterRecord.Version nothing = new ClusterRecord.Version(0, Roles.NONE);
    return new Founding(0, "", new TreeSet<>(members), nothing, 0);
  }

  /**
   * @param nowSeconds see {@link #sinceSeconds}
   */
  static Founding of(
      String founder, Set<String> members, ClusterRecord.Version begun, long nowSeconds) {
    return new Founding(begun.roles().epoch(), founder, new TreeSet<>(members), begun, nowSeconds);
  }

  public boolean isFirst() {
    return founder.isEmpty();
  }

  /** Whether its founder decides alone. */
  public boolean isAlone() {
    return members.equals(Set.of(founder));
  }

  /** Different for any two; empty for the first. */
  String name() {
    return isFirst() ? "" : "-%d-%s".formatted(epoch, founder);
  }

  /** Whether it is the same one, by whomever it was told. */
  public boolean isSame(Founding other) {
    return name().equals(other.name());
  }
}

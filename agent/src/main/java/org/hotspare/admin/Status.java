package org.hotspare.admin;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code hotspare status --json} prints; its shape only ever grows.
 *
 * @param epoch of the present primary
 * @param lease null with fixed roles
 * @param gate null with fixed roles
 * @param checks empty with fixed roles
 * @param primary who the primary is, and whether this node is connected to it
 * @param differing nodes whose configuration differs from this node's in what has to be equal
 * @param needingRestart keys that were changed in the file, and take effect when the agent is
 *     started again
 * @param next commands by which people can improve the situation, the most urgent first
 */
public record Status(
    String node,
    String version,
    Role role,
    long epoch,
    @Nullable LeaseStatus lease,
    @Nullable String gate,
    List<CheckStatus> checks,
    PrimaryStatus primary,
    List<MirrorStatus> mirrors,
    List<Differing> differing,
    List<String> needingRestart,
    List<String> next) {
  public Status {
    checks = List.copyOf(checks);
    mirrors = List.copyOf(mirrors);
    differing = List.copyOf(differing);
    needingRestart = List.copyOf(needingRestart);
    next = List.copyOf(next);
  }

  /** A node whose configuration differs from this node's, and in which keys. */
  public record Differing(String node, List<String> keys) {
    public Differing {
      keys = List.copyOf(keys);
    }
  }

  /**
   * Who is primary by the cluster's record.
   *
   * @param holder empty where nobody ever was
   * @param remainingMillis for how long the node that says so agrees to nobody else
   * @param promotable those that have all that was confirmed, and may take over
   * @param alone in words, which node decides alone, since the others were said to be off; null
   *     where a majority does
   */
  public record LeaseStatus(
      String holder, long remainingMillis, List<String> promotable, @Nullable String alone) {
    public LeaseStatus {
      promotable = List.copyOf(promotable);
    }
  }

  /** A check and what it last said. */
  public record CheckStatus(String name, boolean passing, String detail) {}

  /**
   * The primary as this node sees it.
   *
   * @param connected always true on the primary itself
   */
  public record PrimaryStatus(String node, boolean connected) {}
}

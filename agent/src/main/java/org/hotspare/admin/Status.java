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
 * @param differing nodes whose configuration file is not the same as this node's
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
    List<String> differing,
    List<String> next) {
  public Status {
    checks = List.copyOf(checks);
    mirrors = List.copyOf(mirrors);
    differing = List.copyOf(differing);
    next = List.copyOf(next);
  }

  /** Who holds the lease, and for how long. */
  public record LeaseStatus(String holder, long remainingMillis) {}

  /** A check and what it last said. */
  public record CheckStatus(String name, boolean passing, String detail) {}

  /**
   * The primary as this node sees it.
   *
   * @param connected always true on the primary itself
   */
  public record PrimaryStatus(String node, boolean connected) {}
}

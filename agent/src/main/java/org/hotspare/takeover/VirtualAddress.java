package org.hotspare.takeover;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is known of one service address on this machine. Owned by the addresses' thread. */
final class VirtualAddress {
  final ServiceAddress service;
  final Announcements announcements = new Announcements();

  /** Another address of this machine is in its network, and has brought the route to it. */
  boolean networkIsKnown;

  /** Until when the kernel keeps it; null if it is not there. */
  @Nullable Until kept;

  /** Put back last, after somebody had taken it away. */
  @Nullable Long putBackNanos;

  long announced;
  long removed;
  long claimed;
  @Nullable Claim claim;
  long claimReportedNanos;

  VirtualAddress(ServiceAddress service) {
    this.service = service;
  }

  VirtualAddressState state() {
    return new VirtualAddressState(
        service,
        Optional.ofNullable(kept),
        announced,
        removed,
        claimed,
        Optional.ofNullable(claim));
  }
}

package org.hotspare.takeover;

import java.util.Optional;
import org.hotspare.linux.AssignedAddress;
import org.jspecify.annotations.Nullable;

/** What is known of one service address on this machine. Owned by the addresses' thread. */
final class VirtualAddress {
  final ServiceAddress service;
  final Announcements announcements = new Announcements();
  final ClaimReports claims = new ClaimReports();

  /** Until when the kernel keeps it; null if it is not there, or cannot be used. */
  @Nullable Until kept;

  /** Has to go before the address is put there: it is there, but not as it should be. */
  @Nullable AssignedAddress inTheWay;

  /** Somebody else has put it there, for good. */
  boolean foreign;

  /** It is to be put there again, though it may be there: its route may not be. */
  boolean stale;

  /** It was put there, and the lease not seen held since then. */
  boolean unproven;

  /** Somebody has taken it away. */
  boolean takenAway;

  /** This thread has taken it away, to put it there anew, and was not told of that yet. */
  int expectedRemovals;

  /** Put back last, after somebody had taken it away. */
  @Nullable Long putBackNanos;

  long announced;
  long removed;

  VirtualAddress(ServiceAddress service) {
    this.service = service;
  }

  /** If it is announced at all, that begins again. */
  void announceAnew() {
    if (announcements.isRunning()) {
      announcements.start(System.nanoTime());
    }
  }

  VirtualAddressState state() {
    return new VirtualAddressState(
        service, Optional.ofNullable(kept), announced, removed, claims.claimed(), claims.last());
  }
}

package org.hotspare.takeover;

import java.time.Duration;
import java.util.Optional;

/**
 * One service address on this machine, as it was a moment ago.
 *
 * @param kept until when the kernel keeps it; empty if it is not there
 * @param announced how often the network was told that it is here
 * @param removed how often somebody took it away, and it was put back
 * @param claimed how often another machine was heard claiming it while this one held the lease
 * @param claim the last of them
 */
public record VirtualAddressState(
    ServiceAddress address,
    Optional<Until> kept,
    long announced,
    long removed,
    long claimed,
    Optional<Claim> claim) {
  public boolean isPresent() {
    return kept.isPresent() && !kept.get().isOver(System.nanoTime());
  }

  /** Whether it stays although nobody renews it. */
  public boolean isPermanent() {
    return kept.isPresent() && kept.get().forever();
  }

  /** How long the kernel keeps it at least; {@link Long#MAX_VALUE} nanoseconds if for good. */
  public Duration left() {
    return kept.map(VirtualAddressState::left).orElse(Duration.ZERO);
  }

  private static Duration left(Until until) {
    return Duration.ofNanos(
        until.forever() ? Long.MAX_VALUE : Math.max(0, until.nanos() - System.nanoTime()));
  }
}

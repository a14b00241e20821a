package org.hotspare.lease;

import java.util.HashMap;
import java.util.Map;

/**
 * The packet filter of a simulated node: sets that the kernel empties by its own clock, and one
 * that is selected. It lives on while its agent is stalled or dead. Times are true ones.
 */
final class SimGate {
  private record SetKey(long epoch, long round) {}

  private final boolean fillsAgain;
  private final Map<SetKey, Long> emptyAt = new HashMap<>();
  private SetKey selected = new SetKey(0, 0);

  SimGate(boolean fillsAgain) {
    this.fillsAgain = fillsAgain;
  }

  private SetKey key(long epoch, long round) {
    return new SetKey(epoch, fillsAgain ? 1 : round);
  }

  void fill(long epoch, long round, long untilTrueNanos) {
    if (fillsAgain) {
      emptyAt.put(key(epoch, round), untilTrueNanos);
    } else if (emptyAt.putIfAbsent(key(epoch, round), untilTrueNanos) != null) {
      throw new AssertionError("the set of round " + round + " was filled twice");
    }
  }

  void select(long epoch, long round) {
    selected = key(epoch, round);
    emptyAt.keySet().removeIf(key -> key.epoch() != epoch || key.round() < selected.round());
  }

  void close() {
    emptyAt.clear();
  }

  /** Until when it is open if nobody touches it: in the past where it is closed. */
  long openUntil() {
    return emptyAt.getOrDefault(selected, Long.MIN_VALUE);
  }

  boolean isOpen(long trueNanos) {
    return openUntil() > trueNanos;
  }
}

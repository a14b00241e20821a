package org.hotspare.lease;

import java.util.HashMap;
import java.util.Map;

/**
 * The packet filter of a simulated node: sets that the kernel empties by its own clock, and one
 * that is selected. It lives on while its agent is stalled or dead. Times are true ones.
 */
public final class SimGate {
  private record SetKey(long epoch, long round) {}

  private final boolean fillsAgain;
  private final Map<SetKey, Long> emptyAt = new HashMap<>();
  private SetKey selected = new SetKey(0, 0);
  private boolean follows = true;
  private boolean held;

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

  /** The machine has lost its power. */
  void vanish() {
    close();
    held = false;
  }

  /** Whether it opens by the selected set at all. */
  public void setFollows(boolean changed) {
    follows = changed;
  }

  /** Whether it is open whatever the sets say. */
  public void setHeld(boolean changed) {
    held = changed;
  }

  public boolean isHeld() {
    return held;
  }

  /** Until when it is open if nobody touches it: in the past where it is closed. */
  long openUntil() {
    return emptyAt.getOrDefault(selected, Long.MIN_VALUE);
  }

  public boolean isOpen(long trueNanos) {
    return held || (follows && openUntil() > trueNanos);
  }
}

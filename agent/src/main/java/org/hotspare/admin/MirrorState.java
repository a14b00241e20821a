package org.hotspare.admin;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * How a mirror stands, seen from the node that is asked; the first that applies: {@code HELD},
 * {@code SCANNING}, {@code COPYING}, {@code OFFLINE}, {@code CATCHING_UP}, {@code DEGRADED}, {@code
 * IN_SYNC}.
 */
public enum MirrorState {
  /** The tree is being read for the first time, or again after something was missed. */
  SCANNING,
  /** A first copy is under way. */
  COPYING,
  /** A standby is connected and behind. */
  CATCHING_UP,
  /** Every standby has everything. */
  IN_SYNC,
  /** Stopped before destroying something, and asks. */
  HELD,
  /** Works, but changes may be seen late, or files have problems. */
  DEGRADED,
  /** No other data node is connected. */
  OFFLINE;

  /** As in JSON and for people: {@code catching-up}. */
  @JsonValue
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}

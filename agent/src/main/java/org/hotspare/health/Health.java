package org.hotspare.health;

/** What the looks so far say. */
public enum Health {
  /** Too few so far, or too mixed. */
  UNKNOWN,
  UP,
  DOWN
}

package org.hotspare.index;

/** What a committed transaction survives. */
public enum Durability {
  /** The death of the process, not of the machine. */
  FAST,
  /** Power loss as well, together with everything that was committed before. */
  DURABLE
}

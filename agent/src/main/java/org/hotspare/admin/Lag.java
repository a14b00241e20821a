package org.hotspare.admin;

/** How far a standby is behind. */
public record Lag(long changes, long bytes, double seconds) {
  public static final Lag NONE = new Lag(0, 0, 0);

  /** Whether nothing is missing. */
  public boolean none() {
    return changes == 0;
  }
}

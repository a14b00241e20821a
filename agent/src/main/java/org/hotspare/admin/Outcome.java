package org.hotspare.admin;

/** How a command ended, as its exit status says. */
public enum Outcome {
  /** Yes, or done. */
  DONE(0),
  /** No: timed out, different, or not in sync. */
  NO(1),
  /** Wrong usage or configuration. */
  WRONG(2),
  /** No agent answers. */
  NO_AGENT(3),
  /** Refused by policy. */
  REFUSED(4);

  private final int exitStatus;

  Outcome(int exitStatus) {
    this.exitStatus = exitStatus;
  }

  public int exitStatus() {
    return exitStatus;
  }

  /**
   * @throws IllegalArgumentException if no outcome has that exit status
   */
  public static Outcome of(int exitStatus) {
    for (Outcome outcome : values()) {
      if (outcome.exitStatus == exitStatus) {
        return outcome;
      }
    }
    throw new IllegalArgumentException("no outcome has the exit status " + exitStatus);
  }
}

package org.hotspare.failover;

/**
 * The work on this machine that was begun last. There is one at a time: a new one puts an end to
 * what is left of the one before.
 *
 * @param number of {@link Action.Perform}; 0 before the first
 * @param problem what made it fail; empty where it did not
 */
public record Task(long number, State state, String problem) {
  /** Before the first. */
  public static final Task NONE = new Task(0, State.DONE, "");

  /** How it stands. */
  public enum State {
    RUNNING,
    DONE,
    FAILED
  }
}

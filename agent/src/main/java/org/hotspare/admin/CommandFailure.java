package org.hotspare.admin;

/** A command cannot be done; the message tells people what happened, where, and what to do. */
public final class CommandFailure extends Exception {
  private final Outcome outcome;

  public CommandFailure(Outcome outcome, String message) {
    super(message);
    this.outcome = outcome;
  }

  /** How the command ends because of it. */
  public Outcome outcome() {
    return outcome;
  }
}

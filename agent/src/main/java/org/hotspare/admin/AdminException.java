package org.hotspare.admin;

/** A command got no answer, or an error for an answer; the message is for people. */
public final class AdminException extends Exception {
  private final Outcome outcome;

  public AdminException(Outcome outcome, String message) {
    super(message);
    this.outcome = outcome;
  }

  /** How the command ends because of it. */
  public Outcome outcome() {
    return outcome;
  }
}

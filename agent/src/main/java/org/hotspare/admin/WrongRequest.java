package org.hotspare.admin;

/** The request cannot be meant; the message tells people why, and what they can ask instead. */
public final class WrongRequest extends Exception {
  public WrongRequest(String message) {
    super(message);
  }
}

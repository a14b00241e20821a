package org.hotspare.wire;

import java.io.IOException;

/** The other side ended the connection and said why. */
public final class RefusedException extends IOException {
  private final String reason;

  public RefusedException(String peer, String reason) {
    super(peer + " refused: " + reason);
    this.reason = reason;
  }

  /** The other side's own words. */
  public String reason() {
    return reason;
  }
}

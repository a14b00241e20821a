package org.hotspare.takeover;

import java.io.IOException;

/**
 * The gate is not known to be as it was left: somebody changed it, or a change failed half-way. The
 * message says what.
 */
public final class GateLostException extends IOException {
  private static final long serialVersionUID = 1L;

  GateLostException(String message) {
    super(message);
  }
}

package org.hotspare.takeover;

import java.io.IOException;

/** This machine cannot have a gate; the message says what is missing. */
public final class GateUnavailableException extends IOException {
  private static final long serialVersionUID = 1L;

  GateUnavailableException(String message, IOException cause) {
    super(message, cause);
  }
}

package org.hotspare.takeover;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** This machine cannot have the service addresses; the message says why, for people. */
public final class AddressUnavailableException extends IOException {
  private static final long serialVersionUID = 1L;

  AddressUnavailableException(String message, @Nullable IOException cause) {
    super(message, cause);
  }
}

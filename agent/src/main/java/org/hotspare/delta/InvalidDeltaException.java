package org.hotspare.delta;

import java.io.IOException;
import java.io.Serial;

/** Steps that cannot make a file: they come from a peer that is broken or hostile. */
public final class InvalidDeltaException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  public InvalidDeltaException(String message) {
    super(message);
  }
}

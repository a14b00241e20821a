package org.hotspare.wire;

import java.io.IOException;

/** A certificate, key, token or invitation is missing, damaged or not good for what it is for. */
public final class IdentityException extends IOException {
  public IdentityException(String reason) {
    super(reason);
  }

  public IdentityException(String reason, Throwable cause) {
    super(reason, cause);
  }
}

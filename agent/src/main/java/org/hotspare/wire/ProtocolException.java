package org.hotspare.wire;

import java.io.IOException;

/** What arrived breaks the rules of the protocol; the message says which one. */
public final class ProtocolException extends IOException {
  public ProtocolException(String reason) {
    super(reason);
  }

  public ProtocolException(String reason, Throwable cause) {
    super(reason, cause);
  }
}

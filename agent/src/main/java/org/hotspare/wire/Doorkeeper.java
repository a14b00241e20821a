package org.hotspare.wire;

import java.io.IOException;
import java.net.InetAddress;

/** Decides about whoever has no certificate yet. */
@FunctionalInterface
public interface Doorkeeper {
  /**
   * Lets the node in or not.
   *
   * @param from where the request came from
   * @throws IdentityException if it may not join, with a reason that it is told
   */
  Frame.Joined admit(Frame.Join join, InetAddress from) throws IOException;

  /** Lets nobody in. */
  static Doorkeeper nobody() {
    return (join, from) -> {
      throw new IdentityException("this node takes no new nodes in");
    };
  }
}

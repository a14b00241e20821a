package org.hotspare.mirror;

import java.io.IOException;
import org.hotspare.wire.Link;

/** How a standby reaches its primary. */
public interface LinkSource {
  /**
   * A new connection.
   *
   * @throws IOException if the primary cannot be reached now, at any of its addresses
   */
  Link connect() throws IOException, InterruptedException;
}

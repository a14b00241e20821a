package org.hotspare.mirror;

import java.io.IOException;

/** Called between the steps of what takes long, which so leaves processors to others. */
@FunctionalInterface
interface Pace {
  /**
   * Waits for a while, or not at all.
   *
   * @throws IOException if what takes long is not wanted any more
   */
  void step() throws IOException;
}

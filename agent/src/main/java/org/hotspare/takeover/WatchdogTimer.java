package org.hotspare.takeover;

import java.io.IOException;

/** What resets the machine unless it is fed. For one thread. */
interface WatchdogTimer {
  /** Begins its time anew. */
  void feed() throws IOException;

  /** Stops it for good. */
  void disarm() throws IOException;
}

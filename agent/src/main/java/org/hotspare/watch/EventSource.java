package org.hotspare.watch;

import java.io.IOException;
import java.time.Duration;

/** One of the kernel's queues of events. One thread reads it; all else comes from any thread. */
interface EventSource {
  /** Reads what waits, or what comes until the time is over, and passes it on. */
  void read(Duration timeout) throws IOException;

  /** Ends a read that waits, or else the next one. */
  void wake();

  /** For the thread that reads, when it is done. */
  void close();
}

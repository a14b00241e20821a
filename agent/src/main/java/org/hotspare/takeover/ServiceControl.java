package org.hotspare.takeover;

import java.io.IOException;

/** What can be done with one service of this machine. For one thread. */
interface ServiceControl {
  /** Whether it runs and is well. */
  boolean isRunning(Deadline deadline) throws ServiceException, InterruptedException, IOException;

  /**
   * Starts it, and returns once it runs.
   *
   * @return what there is to say, empty if it ran already
   */
  String start(Deadline deadline) throws ServiceException, InterruptedException, IOException;

  /**
   * Stops it; kills it when the deadline has passed.
   *
   * @return what there is to say, empty if it did not run
   */
  String stop(Deadline deadline) throws ServiceException, InterruptedException, IOException;
}

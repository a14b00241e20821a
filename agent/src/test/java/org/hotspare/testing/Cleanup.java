package org.hotspare.testing;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What a test has made on this machine is taken away again, once: when this is closed, or when the
 * process ends before.
 */
public final class Cleanup implements AutoCloseable {
  private final Runnable work;
  private final Thread atShutdown;
  private final AtomicBoolean done = new AtomicBoolean();

  private Cleanup(String what, Runnable work) {
    this.work = work;
    this.atShutdown = new Thread(this::run, what);
  }

  /**
   * @param what names the thread that does it when the process ends
   */
  public static Cleanup of(String what, Runnable work) {
    Cleanup made = new Cleanup(what, work);
    Runtime.getRuntime().addShutdownHook(made.atShutdown);
    return made;
  }

  /** Whether this call was the one that did it. */
  private boolean run() {
    if (!done.compareAndSet(false, true)) {
      return false;
    }
    work.run();
    return true;
  }

  @Override
  public void close() {
    if (run()) {
      Runtime.getRuntime().removeShutdownHook(atShutdown);
    }
  }
}

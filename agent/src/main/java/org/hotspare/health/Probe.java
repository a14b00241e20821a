package org.hotspare.health;

import java.io.IOException;

/**
 * One way to look whether something works. Two that are equal look at the same.
 *
 * <p>A look may block for as long as it likes, in native code too: {@link Checks} gives each check
 * a thread of its own and does not wait for it longer than the check's timeout. So a probe has no
 * timeouts of its own; it tells its {@link Attempt} what it is at, and what ends it.
 */
public sealed interface Probe permits HttpCheck, TcpCheck, PingCheck, ExecCheck, DiskCheck {
  /**
   * Gets ready what takes long and does not depend on the other side. Called once, by the thread
   * that looks, before the first look begins.
   */
  default void prepare() {}

  /**
   * Looks once. Called by one thread at a time.
   *
   * @throws IOException why it does not work, while it was at what it told the attempt last
   */
  Outcome look(Attempt attempt) throws IOException, InterruptedException;
}

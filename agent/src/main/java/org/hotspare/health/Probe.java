package org.hotspare.health;

import java.io.IOException;
import java.util.Optional;

/**
 * One way to look whether something works. Two that are equal look at the same.
 *
 * <p>A look may block for as long as it likes, in native code too: {@link Checks} gives each check
 * a thread of its own and does not wait for it longer than the check's timeout. So a probe has no
 * timeouts of its own; it tells its {@link Attempt} what it is at, and what ends it.
 */
public interface Probe {
  /**
   * Why this process cannot look so at all, such as a missing privilege: asked for where a check is
   * configured, so that it is refused with its reason and not found when it is needed.
   */
  default Optional<String> hindrance() {
    return Optional.empty();
  }

  /**
   * Gets ready what takes long and does not depend on the other side, and goes through what is done
   * when a look fails: when the disk fails that the program is on, it is too late to load it.
   * Called once, by the thread that looks, before the first look begins. Where it fails looks are
   * made all the same.
   */
  default void prepare() throws IOException, InterruptedException {}

  /**
   * Looks once. Called by one thread at a time.
   *
   * @throws IOException why it does not work, while it was at what it told the attempt last
   */
  Outcome look(Attempt attempt) throws IOException, InterruptedException;
}

package org.hotspare.admin;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What those ask of a running agent who send requests to the right node. Called from many threads
 * at once; nothing here waits for a disk or for another node, but for {@link #status}.
 */
public interface Availability {
  /**
   * An answer.
   *
   * @param yes whether it is so
   * @param text one sentence for people, without a full stop: what is the case
   */
  record Verdict(boolean yes, String text) {
    /** It is so. */
    public static Verdict yes(String text) {
      return new Verdict(true, text);
    }

    /** It is not. */
    public static Verdict no(String text) {
      return new Verdict(false, text);
    }
  }

  /**
   * Whether this node is primary at this very instant, and clients are to come to it: not yet while
   * it becomes that, and not any more while it hands over.
   */
  Verdict primary();

  /**
   * Whether this node is a standby that is connected to its primary, and that has had all there was
   * since it was started.
   *
   * @param maxLag by how much it may be behind; null for any time
   */
  Verdict standby(@Nullable Duration maxLag);

  /** Whether the agent itself is up, whatever its role is. */
  Verdict health();

  /** As {@link Operations#status}. May wait for a disk. */
  Status status();
}

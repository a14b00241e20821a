package org.hotspare.mirror;

/** Hears what happens in a mirror, for the audit log. Called from any thread; it must not block. */
public interface MirrorNews {
  /** What a piece of news is about. */
  enum Topic {
    CONNECTION,
    COPY,
    HELD,
    COVERAGE,
    PROBLEM,
    DRIFT,
    DISK
  }

  /**
   * @param text one sentence for people
   */
  void tell(String mirror, Topic topic, String text);
}

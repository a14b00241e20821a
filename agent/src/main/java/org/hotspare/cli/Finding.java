package org.hotspare.cli;

/**
 * One thing that {@code doctor} looked at.
 *
 * @param node whose it is; empty for this machine without a configuration
 * @param topic one or two words: {@code kernel}, {@code ports}
 * @param text what was found, in one sentence
 * @param remedy what to do about it; empty if there is nothing to do
 */
public record Finding(Level level, String node, String topic, String text, String remedy) {

  /** How bad it is. */
  public enum Level {
    /** As it should be. */
    OK,
    /** Good to know. */
    NOTE,
    /** Works, with less than is promised. */
    WARNING,
    /** Will not work. */
    PROBLEM
  }
}

package org.hotspare.failover;

/**
 * What the fence said last.
 *
 * @param epoch the holders of this epoch and of those before are what it was asked about
 */
public record Fencing(long epoch, Answer answer) {
  /** Before it was asked. */
  public static final Fencing NONE = new Fencing(0, Answer.UNKNOWN);

  /** Only {@link #OFF} lets anybody be promoted. */
  public enum Answer {
    ASKED,
    /** The other node is off. */
    OFF,
    NOT_OFF,
    /** It failed, took too long, or does not know. */
    UNKNOWN
  }
}

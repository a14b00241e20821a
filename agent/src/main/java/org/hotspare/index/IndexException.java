package org.hotspare.index;

/**
 * The index could not be read or written: the disk is full, failing, or the database is damaged.
 */
public final class IndexException extends RuntimeException {
  private final Kind kind;

  /** What an operator has to do about it. */
  public enum Kind {
    /** No room on the disk of the state directory. */
    FULL,
    /** The file is no intact database: it is set aside and rebuilt by a scan. */
    DAMAGED,
    /** Written by a newer hotspare than this one. */
    NEWER,
    /** Any other failure to read or write. */
    FAILED
  }

  public IndexException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}

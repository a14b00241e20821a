package org.hotspare.index;

import java.io.IOException;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * The index could not be read or written: the disk is full, failing, or the database is damaged.
 */
public final class IndexException extends RuntimeException {
  /**
   * What SQLite says of a damaged file. Our statements are right for our tables, so that a missing
   * column or a broken constraint is damage too.
   */
  private static final Set<SQLiteErrorCode> DAMAGE =
      EnumSet.of(
          SQLiteErrorCode.SQLITE_CORRUPT,
          SQLiteErrorCode.SQLITE_NOTADB,
          SQLiteErrorCode.SQLITE_ERROR,
          SQLiteErrorCode.SQLITE_FORMAT,
          SQLiteErrorCode.SQLITE_CONSTRAINT,
          SQLiteErrorCode.SQLITE_MISMATCH);

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

  public IndexException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public IndexException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  static IndexException of(String what, SQLException cause) {
    return new IndexException(kindOf(cause), what + ": " + cause.getMessage(), cause);
  }

  static IndexException of(String what, IOException cause) {
    String message = String.valueOf(cause.getMessage());
    // The JDK passes the kernel's message on, and nothing else tells this error apart.
    Kind kind = message.contains("No space left") ? Kind.FULL : Kind.FAILED;
    return new IndexException(kind, what + ": " + cause, cause);
  }

  private static Kind kindOf(SQLException cause) {
    @Nullable SQLiteErrorCode code =
        cause instanceof SQLiteException failure ? failure.getResultCode() : null;
    if (code == null) {
      return Kind.FAILED;
    }
    // The shared memory file is extended before anything else, so a full disk may show there first.
    if (code == SQLiteErrorCode.SQLITE_IOERR_SHMSIZE) {
      return Kind.FULL;
    }
    // The low byte is the error, the rest its variety.
    int primary = code.code & 0xff;
    if (primary == SQLiteErrorCode.SQLITE_FULL.code) {
      return Kind.FULL;
    }
    return DAMAGE.stream().anyMatch(damage -> damage.code == primary) ? Kind.DAMAGED : Kind.FAILED;
  }
}

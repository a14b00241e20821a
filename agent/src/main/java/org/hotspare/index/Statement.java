package org.hotspare.index;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Arrays;
import org.hotspare.tree.Bytes;
import org.jspecify.annotations.Nullable;
import org.sqlite.core.Codes;
import org.sqlite.core.CoreStatement;
import org.sqlite.core.DB;

/**
 * A prepared statement, on the driver's core and not on its JDBC: a JDBC result asks for the names
 * of its columns each time, one call out of native code per column, which costs several times as
 * much as looking a row up. Owned by the thread that owns the connection.
 *
 * <p>Parameters are set, then either {@link #run} or {@link #next} until it returns null. Every
 * call checks that the connection is still open, under its lock, so that closing it in another
 * thread fails the next call and does not read freed memory.
 */
final class Statement implements AutoCloseable {
  private final PreparedStatement jdbc;
  private final CoreStatement core;
  private final DB db;
  private final @Nullable Object[] values;
  private boolean running;

  Statement(PreparedStatement jdbc) throws SQLException {
    this.jdbc = jdbc;
    this.core = (CoreStatement) jdbc;
    this.db = core.getDatabase();
    this.values = new Object[jdbc.getParameterMetaData().getParameterCount()];
  }

  /** Makes a value of the row that a statement is at. */
  @FunctionalInterface
  interface RowReader<T> {
    T read(Row row) throws SQLException;
  }

  /** The row that a statement is at; valid while a {@link RowReader} runs. Columns count from 1. */
  static final class Row {
    private final DB db;
    private final long pointer;

    private Row(DB db, long pointer) {
      this.db = db;
      this.pointer = pointer;
    }

    long number(int column) throws SQLException {
      return db.column_long(pointer, column - 1);
    }

    String text(int column) throws SQLException {
      return db.column_text(pointer, column - 1);
    }

    byte @Nullable [] arrayOrNull(int column) throws SQLException {
      return db.column_blob(pointer, column - 1);
    }

    byte[] array(int column) throws SQLException {
      byte[] value = db.column_blob(pointer, column - 1);
      if (value == null) {
        throw new IndexException(IndexException.Kind.DAMAGED, "a row of the index lacks a value");
      }
      return value;
    }

    Bytes bytes(int column) throws SQLException {
      return Bytes.wrap(array(column));
    }
  }

  /** Parameters count from 1. */
  Statement set(int parameter, long value) {
    values[parameter - 1] = value;
    return this;
  }

  Statement set(int parameter, byte @Nullable [] value) {
    values[parameter - 1] = value;
    return this;
  }

  Statement set(int parameter, String value) {
    values[parameter - 1] = value;
    return this;
  }

  Statement setNull(int parameter) {
    values[parameter - 1] = null;
    return this;
  }

  /** Runs a statement to its end. */
  void run() throws SQLException {
    try {
      if (execute()) {
        reset();
      }
    } finally {
      // A large value is not to be kept alive until the statement is used again.
      Arrays.fill(values, null);
    }
  }

  /** What the reader makes of the only row that is asked for; null where there is none. */
  <T> @Nullable T first(RowReader<T> reader) throws SQLException {
    try {
      return next(reader);
    } finally {
      reset();
    }
  }

  /** What the reader makes of the next row; null after the last. */
  <T> @Nullable T next(RowReader<T> reader) throws SQLException {
    if (!running) {
      running = execute();
      return running ? read(reader) : null;
    }
    int result = core.pointer.safeRunInt(DB::step);
    if (result == Codes.SQLITE_ROW) {
      return read(reader);
    }
    reset();
    if (result != Codes.SQLITE_DONE) {
      throw DB.newSQLException(result, "the next row could not be read");
    }
    return null;
  }

  private boolean execute() throws SQLException {
    try {
      return db.execute(core, values);
    } catch (SQLException e) {
      if (!isClosed()) {
        // The driver leaves it in the middle of the step that failed, where it takes no values.
        core.pointer.safeRunInt(DB::reset);
      }
      throw e;
    }
  }

  /** Whether it can no longer be used: the driver closes it after most errors. */
  boolean isClosed() {
    return core.pointer.isClosed();
  }

  private <T> T read(RowReader<T> reader) throws SQLException {
    return core.pointer.<T, SQLException>safeRun(
        (open, pointer) -> reader.read(new Row(open, pointer)));
  }

  /** Ends a statement before its last row, so that it holds up no commit. */
  void reset() throws SQLException {
    if (running) {
      running = false;
      // Its result repeats the error of the last step, which was thrown there.
      core.pointer.safeRunInt(DB::reset);
    }
  }

  @Override
  public void close() throws SQLException {
    jdbc.close();
  }
}

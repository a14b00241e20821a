package org.hotspare.index;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.sqlite.jdbc4.JDBC4Connection;

/**
 * A connection to the database with its prepared statements. Owned by one thread at a time.
 *
 * <p>Transactions are opened by the first statement and end with {@link #commit} or {@link
 * #rollback}.
 */
final class Database implements AutoCloseable {
  private static final int BUSY_TIMEOUT_MILLIS = 10_000;

  private final Connection connection;
  private final Map<String, Statement> prepared = new HashMap<>();

  private Database(Connection connection) {
    this.connection = connection;
  }

  /** What a connection is for. */
  enum Use {
    WRITE(16 << 10),
    READ(4 << 10),
    CHECKPOINT(256);

    private final int cacheKib;

    Use(int cacheKib) {
      this.cacheKib = cacheKib;
    }
  }

  /** Opens the file, which is created where it is missing. See {@link Index} for the settings. */
  static Database open(Path file, Use use) throws SQLException {
    Connection connection =
        new JDBC4Connection("jdbc:sqlite:" + file, file.toString(), new Properties());
    Database database = new Database(connection);
    try {
      database.configure(use);
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
    return database;
  }

  private void configure(Use use) throws SQLException {
    execute("PRAGMA busy_timeout=" + BUSY_TIMEOUT_MILLIS);
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=NORMAL");
    execute("PRAGMA wal_autocheckpoint=0");
    execute("PRAGMA cache_size=-" + use.cacheKib);
    // A failing disk under a memory map would kill the process instead of failing the call.
    execute("PRAGMA mmap_size=0");
    execute("PRAGMA temp_store=MEMORY");
    execute("PRAGMA cell_size_check=ON");
    execute("PRAGMA trusted_schema=OFF");
    switch (use) {
      case WRITE -> connection.setAutoCommit(false);
      case READ -> {
        execute("PRAGMA query_only=ON");
        connection.setAutoCommit(false);
      }
      // A checkpoint runs outside of transactions.
      case CHECKPOINT -> {}
    }
  }

  /** The statement of this text, prepared once; whoever uses it is done before the next use. */
  Statement prepared(String sql) throws SQLException {
    Statement statement = prepared.get(sql);
    if (statement != null && !statement.isClosed()) {
      statement.reset();
      return statement;
    }
    Statement fresh = prepare(sql);
    prepared.put(sql, fresh);
    return fresh;
  }

  /** A statement of its own, for a cursor that stays open while other code runs. */
  Statement prepare(String sql) throws SQLException {
    return new Statement(connection.prepareStatement(sql));
  }

  /** Runs a statement that is needed once. */
  void execute(String sql) throws SQLException {
    try (java.sql.Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /**
   * Opens a transaction that will write, by a statement that changes nothing.
   *
   * <p>A reader that finds the log's header half written takes the lock of writers for a moment.
   * SQLite waits for it when a transaction begins with writing; one that has read before fails at
   * once.
   */
  void beginWriting() throws SQLException {
    prepared("DELETE FROM fact WHERE 0").run();
  }

  void commit() throws SQLException {
    connection.commit();
  }

  void rollback() throws SQLException {
    connection.rollback();
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}

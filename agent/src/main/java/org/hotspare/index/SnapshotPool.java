package org.hotspare.index;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The read connections. A few are kept when nobody uses them, since opening one costs more than
 * most look-ups; how many there can be is bounded, and so is their memory.
 */
final class SnapshotPool implements AutoCloseable {
  private static final int MAX_IDLE = 4;
  private static final int MAX_OPEN = 32;

  private final Path file;
  private final Runnable onReturn;
  private final Deque<Database> idle = new ArrayDeque<>();
  private final Set<Database> used = new HashSet<>();
  private boolean closed;

  /**
   * @param onReturn runs whenever a snapshot was closed
   */
  SnapshotPool(Path file, Runnable onReturn) {
    this.file = file;
    this.onReturn = onReturn;
  }

  Snapshot take() {
    try {
      Database database = borrow();
      try {
        return new SqlSnapshot(database, this::giveBack);
      } catch (SQLException | RuntimeException e) {
        discard(database);
        throw e;
      }
    } catch (SQLException e) {
      throw IndexException.of("no snapshot of the index could be taken", e);
    }
  }

  private synchronized Database borrow() throws SQLException {
    if (closed) {
      throw new IllegalStateException("the index is closed");
    }
    Database database = idle.pollFirst();
    if (database == null) {
      if (used.size() >= MAX_OPEN) {
        throw new IndexException(
            IndexException.Kind.FAILED, "the index has " + MAX_OPEN + " open snapshots");
      }
      database = Database.open(file, Database.Use.READ);
    }
    used.add(database);
    return database;
  }

  private void giveBack(Database database) {
    try {
      database.rollback();
      if (!keep(database)) {
        discard(database);
      }
    } catch (SQLException e) {
      // Closing the index has ended the snapshot already.
      if (!isClosed()) {
        throw IndexException.of("a snapshot of the index could not be closed", e);
      }
    } finally {
      onReturn.run();
    }
  }

  private synchronized boolean keep(Database database) {
    if (closed || idle.size() >= MAX_IDLE || !used.remove(database)) {
      return false;
    }
    idle.addFirst(database);
    return true;
  }

  private synchronized void discard(Database database) throws SQLException {
    used.remove(database);
    database.close();
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  /** How many snapshots are open. */
  synchronized int open() {
    return used.size();
  }

  /** Also ends the snapshots that are still open: their next look-up fails. */
  @Override
  public synchronized void close() throws SQLException {
    closed = true;
    List<Database> all = new ArrayList<>(idle);
    all.addAll(used);
    idle.clear();
    used.clear();
    for (Database database : all) {
      database.close();
    }
  }
}

package org.hotspare.index;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves committed pages from the write-ahead log into the database file, in a thread of its own, so
 * that no transaction waits for the disk.
 *
 * <p>The bulk goes while transactions are written. What they added meanwhile goes in a second,
 * short pass that holds the writers up, since the log can only start anew when all of it has been
 * moved. Open snapshots hold that back; then it is tried again when one is closed.
 */
final class Checkpointer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Checkpointer.class);

  /** How long writers are held up for snapshots that are about to be closed. */
  private static final int WAIT_FOR_SNAPSHOTS_MILLIS = 50;

  private final Database database;
  private final ReentrantLock writers;
  private final Semaphore requests = new Semaphore(0);
  private final Thread thread;
  private volatile boolean heldBack;
  private volatile boolean closing;
  private volatile @Nullable IndexException failure;

  private Checkpointer(Database database, ReentrantLock writers) {
    this.database = database;
    this.writers = writers;
    this.thread = Thread.ofPlatform().name("index-checkpoint").daemon().unstarted(this::run);
  }

  /**
   * @param writers held by whoever writes
   */
  static Checkpointer start(Path file, ReentrantLock writers) throws SQLException {
    Database database = Database.open(file, Database.Use.CHECKPOINT);
    Checkpointer checkpointer;
    try {
      database.execute("PRAGMA busy_timeout=" + WAIT_FOR_SNAPSHOTS_MILLIS);
      checkpointer = new Checkpointer(database, writers);
    } catch (SQLException e) {
      database.close();
      throw e;
    }
    checkpointer.thread.start();
    return checkpointer;
  }

  /** Asks for a checkpoint soon. */
  void request() {
    requests.release();
  }

  /** Whether the log could not start anew because of open snapshots. */
  boolean isHeldBack() {
    return heldBack;
  }

  /** Why the last checkpoint failed, other than for want of room. */
  @Nullable IndexException failure() {
    return failure;
  }

  private void run() {
    while (true) {
      requests.acquireUninterruptibly();
      requests.drainPermits();
      if (closing) {
        return;
      }
      try {
        checkpoint();
      } catch (SQLException e) {
        report(IndexException.of("the index could not move its log into the database", e));
      }
    }
  }

  private void checkpoint() throws SQLException {
    database.execute("PRAGMA wal_checkpoint(PASSIVE)");
    writers.lock();
    try {
      heldBack = !truncated();
    } finally {
      writers.unlock();
    }
  }

  private boolean truncated() throws SQLException {
    Long busy = database.prepared("PRAGMA wal_checkpoint(TRUNCATE)").first(row -> row.number(1));
    return busy != null && busy == 0;
  }

  private void report(IndexException e) {
    if (e.kind() == IndexException.Kind.FULL) {
      // All that was committed is in the log, which grows until there is room or writes fail too.
      LOG.warn("{}; it is tried again", e.getMessage());
      heldBack = true;
    } else {
      LOG.error(e.getMessage(), e);
      failure = e;
    }
  }

  /** Ends the thread and closes its connection. */
  @Override
  public void close() throws SQLException {
    closing = true;
    requests.release();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    database.close();
  }
}

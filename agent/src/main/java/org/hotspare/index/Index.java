package org.hotspare.index;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The index of one mirror: an SQLite database with a write-ahead log, one writer at a time, and any
 * number of snapshots beside it.
 *
 * <p><b>What survives what.</b> A transaction that was committed {@link Durability#FAST} lies in
 * the kernel's page cache: it survives kill -9, not power loss. After one that was committed {@link
 * Durability#DURABLE}, or after {@link #sync}, it and all before it survive power loss as well. And
 * whenever the power goes, what is found is an intact database that ends with some transaction, at
 * or after the last durable one. This rests on the following:
 *
 * <ul>
 *   <li>A commit only appends to the log, and every frame's checksum continues that of the frame
 *       before. However the kernel ordered the writes, SQLite replays the longest intact beginning
 *       that ends with a commit. No fsync is needed for that.
 *   <li>DURABLE is one fsync of the log after the commit. It covers all frames before it, whoever
 *       wrote them. The transactions that the log no longer has are in the database file, see next.
 *   <li>The log is moved into the database file only by {@link Checkpointer} (SQLite's own
 *       automatism, which runs inside of commits, is off), with {@code synchronous=NORMAL}: SQLite
 *       syncs the log before it overwrites a page, and the database before the log may start anew.
 *   <li>The writer has {@code synchronous=NORMAL} too, and not OFF: commits are not synced by
 *       either, but with OFF the header of a log that starts anew would not be synced before frames
 *       overwrite old ones. After a power loss the old header with some old frames could then be
 *       found, and pages of the past would be laid over a newer database.
 *   <li>The names of the database and its log are synced in their directory when it is opened.
 *   <li>When an fsync fails, the kernel may have dropped the pages and report success the next
 *       time. So after one failure this index takes no transactions until it is opened again.
 * </ul>
 *
 * <p>Invariant: {@code state} is what the last committed transaction wrote; it is touched only
 * under {@code writers}.
 */
public final class Index implements AutoCloseable {
  /** How long the log gets before it is moved into the database. */
  private static final long CHECKPOINT_BYTES = 64L << 20;

  private final Path file;
  private final Path log;
  private final long checkpointBytes;
  private final Ownership ownership;
  private final ReentrantLock writers = new ReentrantLock();
  private final SnapshotPool snapshots;
  private final Checkpointer checkpointer;
  private final boolean created;
  private final boolean cleanlyClosed;
  private Database database;
  private State state;
  private Known known;
  private long nextCheckpointBytes;
  private volatile @Nullable IndexException broken;
  private final AtomicLong commits = new AtomicLong();
  private volatile boolean closed;

  private Index(Path file, long checkpointBytes, Ownership ownership)
      throws SQLException, IOException {
    this.file = file;
    this.log = logOf(file);
    this.checkpointBytes = checkpointBytes;
    this.nextCheckpointBytes = checkpointBytes;
    this.ownership = ownership;
    Schema.checkHeader(file, log);
    this.database = Database.open(file, Database.Use.WRITE);
    try {
      this.created = Schema.prepare(database);
      this.state = State.read(database);
      this.known = Known.read(database);
      this.cleanlyClosed = State.isClean(database);
      if (!cleanlyClosed) {
        Schema.checkPages(database);
      }
      State.setClean(database, false);
      database.commit();
      DurableFiles.syncFile(log);
      DurableFiles.syncDirectory(directoryOf(file));
      this.snapshots = new SnapshotPool(file, this::snapshotClosed);
      this.checkpointer = Checkpointer.start(file, writers);
    } catch (SQLException | IOException | RuntimeException e) {
      database.close();
      throw e;
    }
  }

  /**
   * Opens the index in {@code file}, which is created where it is missing; its directory must
   * exist. Beside it lie {@code -wal}, {@code -shm} and {@code .lock}.
   *
   * @throws IndexException DAMAGED where the file is no intact index: {@link #setAside} makes room
   *     for a new one; NEWER where a newer hotspare wrote it; FAILED where it is open already, here
   *     or in another process, and for all else
   */
  public static Index open(Path file) {
    return open(file, CHECKPOINT_BYTES);
  }

  /** With the length of the log at which it is moved into the database. */
  static Index open(Path file, long checkpointBytes) {
    try {
      Path real = realPath(file);
      Ownership ownership = Ownership.take(real);
      try {
        return new Index(real, checkpointBytes, ownership);
      } catch (SQLException | IOException | RuntimeException e) {
        ownership.close();
        throw e;
      }
    } catch (SQLException e) {
      throw IndexException.of("the index " + file + " could not be opened", e);
    } catch (IOException e) {
      throw IndexException.of("the index " + file + " could not be opened", e);
    }
  }

  /**
   * Renames a damaged index, its log included, to {@code <file>.damaged-<n>}, so that a new one can
   * be made in its place and this one can be looked at.
   *
   * @return the new name
   */
  public static Path setAside(Path file) {
    try {
      Path real = realPath(file);
      Ownership ownership = Ownership.take(real);
      try {
        return renameAll(real, freeName(real));
      } finally {
        ownership.close();
      }
    } catch (IOException e) {
      throw IndexException.of("the index " + file + " could not be set aside", e);
    }
  }

  /** Looks at an index that nobody has open; see {@link #peek}. */
  @FunctionalInterface
  public interface Look<T> {
    /**
     * @param cleanlyClosed see {@link #wasCleanlyClosed}
     */
    T at(IndexReader index, boolean cleanlyClosed);
  }

  /**
   * Reads an index without opening it for writing, so that whoever opens it next still finds how it
   * was closed.
   *
   * @return empty where there is none
   * @throws IndexException DAMAGED where the file is no intact index, as far as was looked; FAILED
   *     for all else
   */
  public static <T> Optional<T> peek(Path file, Look<T> look) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      Schema.checkHeader(file, logOf(file));
      try (Database database = Database.open(file, Database.Use.READ);
          SqlSnapshot snapshot = new SqlSnapshot(database, _ -> {})) {
        return Optional.of(look.at(snapshot, State.isClean(database)));
      }
    } catch (SQLException e) {
      throw IndexException.of("the index " + file + " could not be read", e);
    } catch (IOException e) {
      throw IndexException.of("the index " + file + " could not be read", e);
    }
  }

  private static Path renameAll(Path file, Path aside) throws IOException {
    // The log first: a database without it is at worst older, a log without it is nothing.
    for (String suffix : new String[] {"-wal", "-shm", ""}) {
      Path from = Path.of(file + suffix);
      if (Files.exists(from, LinkOption.NOFOLLOW_LINKS)) {
        Files.move(from, Path.of(aside + suffix));
      }
    }
    DurableFiles.syncDirectory(directoryOf(file));
    return aside;
  }

  private static Path freeName(Path file) {
    for (int n = 1; ; n++) {
      Path aside = Path.of(file + ".damaged-" + n);
      if (!Files.exists(aside) && !Files.exists(logOf(aside))) {
        return aside;
      }
    }
  }

  /** SQLite puts the log beside the file that a link leads to; so do we look for it there. */
  private static Path realPath(Path file) throws IOException {
    if (file.toString().indexOf('?') >= 0) {
      // The driver would take what follows for settings.
      throw new IOException("the path of an index must not have a question mark");
    }
    if (Files.exists(file)) {
      return file.toRealPath();
    }
    Path absolute = file.toAbsolutePath();
    return directoryOf(absolute).toRealPath().resolve(absolute.getFileName());
  }

  private static Path directoryOf(Path file) {
    Path directory = file.getParent();
    if (directory == null) {
      throw new IllegalArgumentException("not a file in a directory: " + file);
    }
    return directory;
  }

  private static Path logOf(Path file) {
    return Path.of(file + "-wal");
  }

  /** Whether there was no index and this is a new, empty one. */
  public boolean isNew() {
    return created;
  }

  /**
   * Whether whoever had the index open before closed it; a new one counts as closed. Otherwise its
   * process died, and with it or later perhaps the machine: transactions that were not made durable
   * may be missing.
   */
  public boolean wasCleanlyClosed() {
    return cleanlyClosed;
  }

  /**
   * Takes a view of all that is committed.
   *
   * @throws IndexException FAILED if there are 32 already
   */
  public Snapshot snapshot() {
    return snapshots.take();
  }

  /**
   * How many transactions were committed since it was opened. A snapshot that is taken after this
   * was asked for has all of those; as long as the number stays, the next one is no other.
   *
   * @throws IndexException if it cannot be read any more
   * @throws IllegalStateException if it is closed, as where a snapshot is taken
   */
  long commits() {
    if (closed) {
      throw new IllegalStateException("the index is closed");
    }
    IndexException failed = broken;
    if (failed != null) {
      throw failed;
    }
    return commits.get();
  }

  /**
   * Runs a transaction, after those that are under way. What {@code work} throws rolls it back and
   * is passed on.
   *
   * @throws IllegalStateException if this thread is in a transaction already
   * @throws IndexException FULL where the disk is full: nothing has changed, and later transactions
   *     may succeed; else see {@link IndexException.Kind}
   */
  public <T> T write(Durability durability, Function<IndexWriter, T> work) {
    if (writers.isHeldByCurrentThread()) {
      throw new IllegalStateException("this thread is in a transaction");
    }
    T result;
    writers.lock();
    try {
      requireUsable();
      result = transaction(work);
    } finally {
      writers.unlock();
    }
    switch (durability) {
      case FAST -> {}
      case DURABLE -> sync();
    }
    return result;
  }

  /** The same for work without a result. */
  public void update(Durability durability, Consumer<IndexWriter> work) {
    var _ =
        write(
            durability,
            writer -> {
              work.accept(writer);
              return true;
            });
  }

  private <T> T transaction(Function<IndexWriter, T> work) {
    SqlWriter writer = new SqlWriter(database, state, known);
    try {
      database.beginWriting();
      T result = work.apply(writer);
      if (!writer.state().equals(state)) {
        writer.state().write(database);
      }
      database.commit();
      state = writer.state();
      commits.incrementAndGet();
      requestCheckpointWhenDue();
      return result;
    } catch (SQLException e) {
      rollback();
      throw IndexException.of("a transaction of the index could not be committed", e);
    } catch (RuntimeException | Error e) {
      rollback();
      throw e;
    } finally {
      writer.end();
    }
  }

  private void rollback() {
    try {
      try {
        database.rollback();
      } catch (SQLException alreadyRolledBack) {
        // SQLite itself rolls back after some errors, and then has nothing to roll back. Where the
        // connection stands is unknown to the driver, so a new one takes its place.
        database.close();
        database = Database.open(file, Database.Use.WRITE);
      }
      known = Known.read(database);
      database.rollback();
    } catch (SQLException e) {
      broken = IndexException.of("the index could not go on after an error", e);
    }
  }

  private void requestCheckpointWhenDue() {
    long bytes = logBytes();
    if (bytes >= nextCheckpointBytes) {
      checkpointer.request();
      // If snapshots hold it back, the next try comes when the log has grown as much again.
      nextCheckpointBytes = bytes + checkpointBytes;
    } else if (bytes < checkpointBytes) {
      nextCheckpointBytes = checkpointBytes;
    }
  }

  private void snapshotClosed() {
    // While another one is open, trying would hold the writers up for nothing.
    if (checkpointer.isHeldBack() && snapshots.open() == 0) {
      checkpointer.request();
    }
  }

  /** How long the write-ahead log is, in bytes: it grows while a snapshot is held. */
  public long logBytes() {
    return log.toFile().length();
  }

  /** Makes all that is committed survive power loss. */
  public void sync() {
    requireIntact();
    try {
      DurableFiles.syncFile(log);
    } catch (IOException e) {
      IndexException failure = IndexException.of("the index could not be synced", e);
      broken = failure;
      throw failure;
    }
  }

  private void requireUsable() {
    if (closed) {
      throw new IllegalStateException("the index is closed");
    }
    requireIntact();
  }

  private void requireIntact() {
    IndexException failure = broken != null ? broken : checkpointer.failure();
    if (failure != null) {
      throw new IndexException(
          failure.kind(), "the index failed before: " + failure.getMessage(), failure);
    }
  }

  /**
   * Waits for the transaction that is under way, records that the index was closed cleanly, and
   * ends all snapshots. Closing it again does nothing.
   */
  @Override
  public void close() {
    Database last;
    writers.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      last = database;
    } finally {
      writers.unlock();
    }
    // Closed in the order opposite to this; the log goes into the database with the last
    // connection.
    try (ownership;
        last;
        checkpointer;
        snapshots) {
      recordCleanClose(last);
    } catch (SQLException e) {
      throw IndexException.of("the index could not be closed cleanly", e);
    } catch (IOException e) {
      throw IndexException.of("the index could not be closed cleanly", e);
    }
  }

  private void recordCleanClose(Database last) throws SQLException {
    if (broken != null || checkpointer.failure() != null) {
      return;
    }
    writers.lock();
    try {
      State.setClean(last, true);
      last.commit();
    } finally {
      writers.unlock();
    }
    sync();
  }
}

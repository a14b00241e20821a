package org.hotspare.agent;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.hotspare.failover.RecordWrite;
import org.hotspare.lease.ClusterRecord;
import org.hotspare.lease.FoundedRecord;
import org.hotspare.lease.Roles;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this node knows of the cluster's record, and what it writes to it, one write after the
 * other. A majority may take its time: nobody here waits for it but a thread of its own.
 */
final class RecordKeeper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RecordKeeper.class);
  private static final long PAUSE_NANOS = 250_000_000;
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Runnable changed;
  private final ExecutorService work =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("role-record").factory());

  /** Set by {@link #start}, before anything is written. */
  private volatile @Nullable FoundedRecord record;

  private final AtomicBoolean confirming = new AtomicBoolean();
  private final AtomicReference<@Nullable RecordWrite> write = new AtomicReference<>();
  private volatile boolean closed;

  /**
   * @param changed called when more is known; must not block
   */
  RecordKeeper(Runnable changed) {
    this.changed = changed;
  }

  void start(FoundedRecord with) {
    record = with;
    learn();
  }

  /** The record changed, or another one counts: whether it is the newest is found out. */
  void learn() {
    FoundedRecord with = record;
    boolean unconfirmed = with != null && with.isMember() && !with.isConfirmed();
    if (unconfirmed && !closed && confirming.compareAndSet(false, true)) {
      work.execute(this::confirm);
    }
    changed.run();
  }

  /** One attempt, so that what is to be written does not wait for a majority that is off. */
  private void confirm() {
    try {
      record().read(PATIENCE);
    } catch (IOException e) {
      LOG.debug("the cluster's record cannot be read yet: {}", e.getMessage());
      LockSupport.parkNanos(PAUSE_NANOS);
    } catch (RuntimeException e) {
      LOG.error("the cluster's record cannot be read; trying again", e);
      LockSupport.parkNanos(PAUSE_NANOS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    confirming.set(false);
    learn();
  }

  private FoundedRecord record() {
    return Objects.requireNonNull(record, "not started");
  }

  ClusterRecord.Version known() {
    FoundedRecord with = record;
    return with == null ? new ClusterRecord.Version(0, Roles.NONE) : with.current();
  }

  /** Whether a majority was asked for the record since the start. */
  boolean isConfirmed() {
    FoundedRecord with = record;
    return with != null && with.isConfirmed();
  }

  /** The last write; null before the first. */
  @Nullable RecordWrite lastWrite() {
    return write.get();
  }

  /** Begins to write. Only after it is known what became of the one before. */
  void write(long version, Roles roles) {
    RecordWrite begun = new RecordWrite(version, roles, true);
    write.set(begun);
    work.execute(
        () -> {
          try {
            var _ = record().compareAndSet(version, roles, PATIENCE);
          } catch (IOException e) {
            LOG.warn("the cluster's record could not be set: {}", e.getMessage());
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } catch (RuntimeException e) {
            LOG.error("the cluster's record could not be set", e);
          } finally {
            // Who learned of its outcome may have begun the next one.
            write.compareAndSet(begun, new RecordWrite(version, roles, false));
            changed.run();
          }
        });
  }

  /**
   * Begins to found a record that this node keeps alone.
   *
   * @param wanted whether it is still, when everything before it is done
   * @param failed told why it could not be done
   */
  void foundAlone(long version, Roles roles, BooleanSupplier wanted, Consumer<String> failed) {
    work.execute(
        () -> {
          if (!wanted.getAsBoolean()) {
            return;
          }
          try {
            if (!record().foundAlone(version, roles, System.currentTimeMillis() / 1000)) {
              failed.accept("the cluster's record changed meanwhile");
            }
          } catch (IOException | RuntimeException e) {
            LOG.error("a record of this node alone could not be founded", e);
            failed.accept("a record of this node alone could not be founded: " + e.getMessage());
          }
        });
  }

  @Override
  public void close() {
    closed = true;
    work.shutdownNow();
  }
}

package org.hotspare.agent;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.hotspare.failover.RecordWrite;
import org.hotspare.lease.ClusterRecord;
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
  private static final long RETRY_NANOS = 1_000_000_000;
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Runnable changed;
  private final ExecutorService work =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("role-record").factory());
  private final AtomicReference<ClusterRecord.Version> known =
      new AtomicReference<>(new ClusterRecord.Version(0, Roles.NONE));

  /** Set by {@link #start}, before anything is written. */
  private @Nullable ClusterRecord record;

  private volatile boolean confirmed;
  private final AtomicReference<@Nullable RecordWrite> write = new AtomicReference<>();
  private volatile boolean closed;

  /**
   * @param changed called when more is known; must not block
   */
  RecordKeeper(Runnable changed) {
    this.changed = changed;
  }

  void start(ClusterRecord with) {
    record = with;
    learn(with.current());
    work.execute(this::confirm);
  }

  /** Finds out whether the record that is known from before the start is still the newest. */
  private void confirm() {
    while (!closed && !confirmed) {
      try {
        learn(record().read(PATIENCE));
        confirmed = true;
        changed.run();
      } catch (IOException e) {
        LOG.debug("the cluster's record cannot be read yet: {}", e.getMessage());
      } catch (RuntimeException e) {
        LOG.error("the cluster's record cannot be read; trying again", e);
        LockSupport.parkNanos(RETRY_NANOS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private ClusterRecord record() {
    return Objects.requireNonNull(record, "not started");
  }

  /** The record changed. */
  void learn(ClusterRecord.Version version) {
    known.accumulateAndGet(
        version, (before, told) -> told.number() > before.number() ? told : before);
    changed.run();
  }

  ClusterRecord.Version known() {
    return Objects.requireNonNull(known.get());
  }

  /** Whether a majority was asked for the record since the start. */
  boolean isConfirmed() {
    return confirmed;
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
            learn(record().compareAndSet(version, roles, PATIENCE).record());
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

  @Override
  public void close() {
    closed = true;
    work.shutdownNow();
  }
}

package org.hotspare.watch;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Keeps what this process uses of the processors within a limit, on average over about a second:
 * threads that scan, read, hash, stage and apply pause between pieces of their work while too much
 * was used, by whatever thread. What was not used in the last second may be used at once, so that
 * single changes are not slowed down. For several threads.
 */
public final class ProcessorLimit {
  private static final long SECOND_NANOS = 1_000_000_000L;

  /** Unused time is kept for so long. */
  static final long BURST_NANOS = SECOND_NANOS;

  /** Of one pause: what is left is paid at the next, and nobody waits for long to be stopped. */
  private static final long LONGEST_PAUSE_NANOS = SECOND_NANOS;

  private static final long NAP_NANOS = 50_000_000L;

  private volatile double processors;
  private final LongSupplier usedNanos;
  private boolean begun;
  private long usedBefore;
  private long paidUntilNanos;

  private ProcessorLimit(double processors, LongSupplier usedNanos) {
    this.processors = processors;
    this.usedNanos = usedNanos;
  }

  /** A limit of its own that never pauses, unless it is changed later. */
  public static ProcessorLimit none() {
    return new ProcessorLimit(Double.POSITIVE_INFINITY, ProcessorLimit::usedByThisProcess);
  }

  /**
   * @param processors kept busy: 0.5 is half of one, 2 is two; infinite for no limit
   * @throws IllegalArgumentException if it is not positive
   */
  public static ProcessorLimit of(double processors) {
    return of(processors, ProcessorLimit::usedByThisProcess);
  }

  /**
   * @param usedNanos tells what was used so far
   */
  static ProcessorLimit of(double processors, LongSupplier usedNanos) {
    if (!(processors > 0)) {
      throw new IllegalArgumentException("not a share of the processors: " + processors);
    }
    return new ProcessorLimit(processors, usedNanos);
  }

  /** From now on another limit; infinite for none. */
  public synchronized void change(double newProcessors) {
    if (!(newProcessors > 0)) {
      throw new IllegalArgumentException("not a share of the processors: " + newProcessors);
    }
    processors = newProcessors;
    begun = false;
  }

  private static long usedByThisProcess() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  /** Between two pieces of work: waits while too much was used. An interrupt ends the wait. */
  public void pause() {
    if (processors == Double.POSITIVE_INFINITY) {
      return;
    }
    long now = System.nanoTime();
    long until = now + Math.min(LONGEST_PAUSE_NANOS, owedNanos(now));
    while (until - System.nanoTime() > 0 && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(Math.min(NAP_NANOS, until - System.nanoTime()));
    }
  }

  /**
   * How long nothing should be used, so that what was used is within the limit.
   *
   * @param nowNanos of any clock that only goes forward, the same at every call
   */
  synchronized long owedNanos(long nowNanos) {
    long used = usedNanos.getAsLong();
    long earliest = nowNanos - BURST_NANOS;
    if (!begun) {
      begun = true;
      usedBefore = used;
      paidUntilNanos = earliest;
    } else if (earliest - paidUntilNanos > 0) {
      paidUntilNanos = earliest;
    }
    paidUntilNanos += (long) ((used - usedBefore) / processors);
    usedBefore = used;
    return Math.max(0, paidUntilNanos - nowNanos);
  }
}

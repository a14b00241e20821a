package org.hotspare.mirror;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Stat;
import org.jspecify.annotations.Nullable;

/**
 * A number that changes while a standby's owning thread gets on with its work, for the primary to
 * tell long work from none: frames that it took, and within what takes long the time for which it
 * computed; while it waits for the kernel to write the filesystem out, what the disk has written. A
 * thread that waits for a lock, for a dead disk or for the other side uses no time, and one that
 * only looks whether there is anything to do is at nothing that takes long.
 *
 * <p>The owning thread says what it is at; any thread may ask.
 */
final class SignOfWork implements LongSupplier {
  private static final Duration LONG = Duration.ofSeconds(1);
  private static final long MILLI_NANOS = 1_000_000;

  /** Of the numbers that the kernel has of a disk, how many writes were completed. */
  private static final int WRITES = 4;

  private final ThreadMXBean clock = ManagementFactory.getThreadMXBean();
  private final long longNanos;
  private final AtomicLong taken = new AtomicLong();
  private volatile @Nullable Occupation occupation;
  private volatile @Nullable Path syncing;

  private record Occupation(Thread thread, long sinceNanos) {}

  SignOfWork() {
    this(LONG);
  }

  /**
   * @param takesLong how long something takes at least within which time is looked at
   */
  SignOfWork(Duration takesLong) {
    this.longNanos = takesLong.toNanos();
  }

  /** This thread is at something, from now until {@link #rests}. */
  void works() {
    occupation = new Occupation(Thread.currentThread(), System.nanoTime());
  }

  /** It waits until there is something to do. */
  void rests() {
    occupation = null;
  }

  /** A frame of the primary was dealt with. */
  void took() {
    taken.incrementAndGet();
  }

  /** Makes all that was written to this filesystem so far durable. */
  void sync(DirFd directory) throws IOException {
    syncing = statistics(directory.stat());
    try {
      directory.syncfs();
    } finally {
      syncing = null;
    }
  }

  @Override
  public long getAsLong() {
    long frames = taken.get();
    Occupation current = occupation;
    if (current == null || System.nanoTime() - current.sinceNanos < longNanos) {
      return frames;
    }
    Path disk = syncing;
    long computed = clock.getThreadCpuTime(current.thread.threadId()) / MILLI_NANOS;
    return frames + computed + (disk == null ? 0 : writes(disk));
  }

  /** Where the kernel counts what the disk does that a filesystem lies on. */
  static Path statistics(Stat of) {
    return Path.of("/sys/dev/block/%d:%d/stat".formatted(of.deviceMajor(), of.deviceMinor()));
  }

  /**
   * How many writes a disk has completed; 0 where that is not known, as of a filesystem over the
   * network or on several disks.
   */
  static long writes(Path statistics) {
    try {
      String[] numbers = Files.readString(statistics).strip().split("\\s+", -1);
      return Long.parseLong(numbers[WRITES]);
    } catch (IOException e) {
      return 0;
    }
  }
}

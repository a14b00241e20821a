package org.hotspare.watch;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.hotspare.linux.Capability;
import org.hotspare.linux.OpenFile;
import org.hotspare.linux.Privileges;
import org.hotspare.linux.ProcessFiles;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.RelPath;
import org.jspecify.annotations.Nullable;

/**
 * Finds what changes without an event: files that some process has open for writing, or mapped so
 * that it can store into them. It passes over all processes again and again, on a thread of its
 * own, every five seconds where a fortieth of a core suffices for that, else more slowly: reading
 * what it finds costs as much again.
 */
public final class Sweep implements AutoCloseable {
  /** Of one core, on average. */
  private static final double SHARE = 0.025;

  private static final Duration INTERVAL = Duration.ofSeconds(5);
  private static final long SLICE_NANOS = 5_000_000;

  /** A file that may be written to right now is told about in every pass; beyond this, a part. */
  private static final int MAX_CANDIDATES_A_PASS = 200_000;

  private static final byte[] DELETED = " (deleted)".getBytes(StandardCharsets.US_ASCII);

  private final byte[] rootPath;
  private final Supplier<Set<Long>> devices;
  private final Consumer<Candidate> found;
  private final ThreadMXBean clock = ManagementFactory.getThreadMXBean();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;
  private volatile @Nullable String problem;
  private final AtomicLong passes = new AtomicLong();
  private final AtomicLong cpuNanos = new AtomicLong();
  private volatile long lastPassNanos;

  /**
   * A file to look at again, whatever its metadata say: perhaps not one of the mirror.
   *
   * @param path below the root, as the writing process's descriptor reads: to try first, not to
   *     rely on; null where it is not below the root as seen from here
   * @param device as {@code Stat.device()}
   * @param inode the inode number on it
   * @param mapped whether it is mapped, and not only open
   */
  public record Candidate(@Nullable RelPath path, long device, long inode, boolean mapped) {}

  private record Place(long device, long inode) {}

  /**
   * @param rootPath absolute and without links
   * @param devices of the filesystems below the root, as {@link Watcher#devices()} knows them
   * @param found is called on the sweep's thread, and its time counts; each file once a pass
   */
  public Sweep(Bytes rootPath, Supplier<Set<Long>> devices, Consumer<Candidate> found) {
    this.rootPath = rootPath.array();
    this.devices = devices;
    this.found = found;
    this.thread = Thread.ofPlatform().name("sweep").daemon().start(this::run);
  }

  /** Why files may stay unfound, for {@code status}; nothing when all is well. */
  public Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  /**
   * How long the last complete pass took, or zero before: a change is found within this, plus five
   * seconds.
   */
  public Duration lastPass() {
    return Duration.ofNanos(lastPassNanos);
  }

  /** Complete passes so far. */
  long passes() {
    return passes.get();
  }

  /** What its thread has used of the processor. */
  long cpuNanos() {
    return cpuNanos.get();
  }

  private void run() {
    try {
      while (!closing.await(0, TimeUnit.NANOSECONDS)) {
        long start = System.nanoTime();
        try {
          pass();
          problem = withoutPrivilege();
        } catch (IOException failed) {
          problem = "the sweep over open files failed: " + failed.getMessage();
        }
        lastPassNanos = System.nanoTime() - start;
        pause(INTERVAL.toNanos() - lastPassNanos);
      }
    } catch (InterruptedException stop) {
      // Nobody but the end of the process interrupts this thread.
      Thread.currentThread().interrupt();
    }
  }

  private static @Nullable String withoutPrivilege() throws IOException {
    return Privileges.ofThisProcess().has(Capability.SYS_PTRACE)
        ? null
        : "without CAP_SYS_PTRACE only the files that this user's processes write to are found";
  }

  private void pass() throws IOException, InterruptedException {
    Set<Long> wanted = devices.get();
    if (wanted.isEmpty()) {
      return;
    }
    Set<Place> told = new HashSet<>();
    try (ProcessFiles files = new ProcessFiles(wanted, true)) {
      boolean complete = false;
      while (!complete) {
        long before = clock.getCurrentThreadCpuTime();
        complete = files.scan(SLICE_NANOS, file -> tell(file, told, found));
        long spent = clock.getCurrentThreadCpuTime() - before;
        cpuNanos.addAndGet(spent);
        if (pause((long) (spent * (1 - SHARE) / SHARE))) {
          return;
        }
      }
    }
    passes.incrementAndGet();
  }

  /**
   * Passes over all processes once, on the caller's thread and without pauses: for who has to know
   * what is open at this moment.
   *
   * @param deadlineNanos as of {@code System.nanoTime()}
   * @return whether it came to the end in time
   * @throws IOException if {@code /proc} cannot be read
   */
  public boolean passNow(Consumer<Candidate> found, long deadlineNanos) throws IOException {
    Set<Long> wanted = devices.get();
    if (wanted.isEmpty()) {
      return true;
    }
    Set<Place> told = new HashSet<>();
    try (ProcessFiles files = new ProcessFiles(wanted, true)) {
      while (!files.scan(SLICE_NANOS, file -> tell(file, told, found))) {
        if (System.nanoTime() - deadlineNanos >= 0) {
          return false;
        }
      }
    }
    return told.size() < MAX_CANDIDATES_A_PASS;
  }

  /**
   * @return whether the sweep is to end
   */
  private boolean pause(long nanos) throws InterruptedException {
    return closing.await(Math.max(0, nanos), TimeUnit.NANOSECONDS);
  }

  private void tell(OpenFile file, Set<Place> told, Consumer<Candidate> found) {
    if (told.size() < MAX_CANDIDATES_A_PASS && told.add(new Place(file.device(), file.inode()))) {
      found.accept(new Candidate(below(file.path()), file.device(), file.inode(), file.mapped()));
    }
  }

  /** Null for what is not below the root, or has no name any more. */
  private @Nullable RelPath below(Bytes path) {
    byte[] bytes = path.array();
    int start = rootPath.length == 1 ? 1 : rootPath.length + 1;
    boolean isBelow =
        bytes.length > start
            && bytes[start - 1] == '/'
            && Arrays.equals(bytes, 0, start - 1, rootPath, 0, start - 1);
    boolean isDeleted =
        bytes.length > DELETED.length
            && Arrays.equals(
                bytes, bytes.length - DELETED.length, bytes.length, DELETED, 0, DELETED.length);
    if (!isBelow || isDeleted) {
      return null;
    }
    try {
      return RelPath.parse(Bytes.wrap(Arrays.copyOfRange(bytes, start, bytes.length)));
    } catch (IllegalArgumentException notOfThisTree) {
      return null;
    }
  }

  /** Returns when the thread has ended. */
  @Override
  public void close() {
    closing.countDown();
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException again) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}

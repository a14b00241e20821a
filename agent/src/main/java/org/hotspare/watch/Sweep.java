package org.hotspare.watch;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.hotspare.linux.Capability;
import org.hotspare.linux.Privileges;
import org.hotspare.linux.ProcessFiles;
import org.hotspare.tree.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * Finds what changes without an event: files that some process has open for writing, or mapped so
 * that it can store into them. It passes over all processes again and again, for all mirrors at
 * once, on a thread of its own: every five seconds while a file of a mirror is open in that way,
 * else every fifteen, since who closes a file raises an event. Where a fortieth of a core does not
 * suffice for that it passes more slowly: reading what it finds costs as much again.
 */
public final class Sweep implements AutoCloseable {
  /** Of one core, on average. */
  private static final double SHARE = 0.025;

  private static final long SOON_NANOS = Duration.ofSeconds(5).toNanos();
  private static final long LATER_NANOS = Duration.ofSeconds(15).toNanos();
  private static final long SLICE_NANOS = 5_000_000;

  private final ThreadMXBean clock = ManagementFactory.getThreadMXBean();
  private final Thread thread = Thread.ofPlatform().name("sweep").daemon().unstarted(this::run);
  private final AtomicLong passes = new AtomicLong();
  private final AtomicLong cpuNanos = new AtomicLong();
  private volatile @Nullable String problem;
  private volatile long lastPassNanos;

  // ---- guarded by this

  private final List<SweptTree> trees = new ArrayList<>();

  /** A tree came that the pass before did not ask for. */
  private boolean hasNewTree;

  private boolean closed;

  private Sweep() {}

  /** Begins with no trees. */
  public static Sweep start() {
    Sweep sweep = new Sweep();
    sweep.thread.start();
    return sweep;
  }

  /**
   * Has a tree told of from now on, until that is closed.
   *
   * @param rootPath absolute and without links
   * @param devices of the filesystems below the root, as {@link Watcher#devices()} knows them
   * @param found is called on the sweep's thread, and its time counts; each file once a pass.
   *     Answers whether it is one of the mirror
   */
  public SweptTree tree(
      Bytes rootPath, Supplier<Set<Long>> devices, Predicate<SweptTree.Candidate> found) {
    SweptTree tree = new SweptTree(this, rootPath, devices, found);
    synchronized (this) {
      trees.add(tree);
      hasNewTree = true;
      notifyAll();
    }
    return tree;
  }

  synchronized void forget(SweptTree tree) {
    trees.remove(tree);
  }

  private synchronized List<SweptTree> trees() {
    hasNewTree = false;
    return List.copyOf(trees);
  }

  /** Why files may stay unfound, for {@code status}; nothing when all is well. */
  public Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  /**
   * How long the last complete pass took, or zero before: a change is found within this, plus
   * fifteen seconds.
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
      boolean ends = false;
      while (!ends) {
        List<SweptTree> all = trees();
        long start = System.nanoTime();
        try {
          pass(all);
          problem = withoutPrivilege();
        } catch (IOException failed) {
          problem = "the sweep over open files failed: " + failed.getMessage();
        }
        lastPassNanos = System.nanoTime() - start;
        boolean written = all.stream().anyMatch(SweptTree::hasWriters);
        ends = awaitNext(start + (written ? SOON_NANOS : LATER_NANOS));
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

  private void pass(List<SweptTree> all) throws IOException, InterruptedException {
    Set<Long> wanted = new HashSet<>();
    for (SweptTree tree : all) {
      wanted.addAll(tree.passBegins());
    }
    if (wanted.isEmpty()) {
      return;
    }
    try (ProcessFiles files = new ProcessFiles(wanted, true)) {
      boolean complete = false;
      while (!complete) {
        long before = clock.getCurrentThreadCpuTime();
        complete = files.scan(SLICE_NANOS, file -> all.forEach(tree -> tree.look(file)));
        long spent = clock.getCurrentThreadCpuTime() - before;
        cpuNanos.addAndGet(spent);
        if (rest((long) (spent * (1 - SHARE) / SHARE))) {
          return;
        }
      }
    }
    passes.incrementAndGet();
  }

  /**
   * @return whether the sweep is to end
   */
  private synchronized boolean rest(long nanos) throws InterruptedException {
    long until = System.nanoTime() + nanos;
    for (long left = nanos; left > 0 && !closed; left = until - System.nanoTime()) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return closed;
  }

  /**
   * A tree that comes meanwhile is swept at once.
   *
   * @return whether the sweep is to end
   */
  private synchronized boolean awaitNext(long untilNanos) throws InterruptedException {
    while (!closed && !hasNewTree && trees.isEmpty()) {
      wait();
    }
    for (long left = untilNanos - System.nanoTime();
        left > 0 && !closed && !hasNewTree;
        left = untilNanos - System.nanoTime()) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return closed;
  }

  /** Returns when the thread has ended. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
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

package org.hotspare.mirror;

import java.io.IOException;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.hotspare.index.Index;
import org.hotspare.index.Inode;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.Access;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.FileFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.watch.Tracker;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads files again that may have changed without an event and without another stat: those that
 * somebody has open for writing or mapped, and after an unclean stop those that changed last. What
 * differs is numbered.
 *
 * <p>Files that are always being written cost at most a fortieth of a core, however many they are:
 * after one that the sweep found was read, all that it found rest for 39 times as long as reading
 * took. Whoever waits for a barrier pays for its own reading.
 */
final class Rechecker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Rechecker.class);
  private static final int REST_FACTOR = 39;

  private final MirrorRoot root;
  private final Index index;
  private final Tracker tracker;

  /** Asked for: read as soon as can be. */
  private final Turn asked = new Turn();

  /** Found by the sweep: read in turn, with rests. */
  private final Turn found = new Turn();

  /** Files that somebody had open for writing when last seen. */
  private final Set<EntryId> open = ConcurrentHashMap.newKeySet();

  /** Until when nothing is read for the sweep; owned by the thread. */
  private long restsUntilNanos = System.nanoTime();

  private final Thread thread;
  private volatile boolean closed;

  Rechecker(MirrorRoot root, Index index, Tracker tracker) {
    this.root = root;
    this.index = index;
    this.tracker = tracker;
    this.thread =
        Thread.ofPlatform().name("recheck-" + root.mirror()).daemon().unstarted(this::run);
  }

  /** Files in the order in which they came, each once. For several threads. */
  private static final class Turn {
    private final Queue<EntryId> queue = new ConcurrentLinkedQueue<>();
    private final Set<EntryId> waiting = ConcurrentHashMap.newKeySet();

    boolean add(EntryId id) {
      return waiting.add(id) && queue.add(id);
    }

    @Nullable EntryId next() {
      return queue.poll();
    }

    void done(EntryId id) {
      waiting.remove(id);
    }

    boolean isEmpty() {
      return waiting.isEmpty();
    }
  }

  void start() {
    thread.start();
  }

  /** Has the file read again soon. */
  void check(EntryId id) {
    if (asked.add(id)) {
      LockSupport.unpark(thread);
    }
  }

  /** A process has the file at this place open for writing. */
  void foundOpen(@Nullable RelPath path, long device, long inode) {
    try (Snapshot snapshot = index.snapshot()) {
      EntryId id = path == null ? null : snapshot.resolve(path).orElse(null);
      if (id == null) {
        id = snapshot.inodeAt(device, inode).map(Inode::id).orElse(null);
      }
      if (id == null) {
        // Excluded, outside the mirror, or so new that its own event will tell.
        return;
      }
      open.add(id);
      if (found.add(id)) {
        LockSupport.unpark(thread);
      }
    }
  }

  /** Reads all files again that are known to be open for writing, and waits until that is done. */
  void checkOpenFiles() throws InterruptedException {
    open.forEach(this::check);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!asked.isEmpty() && System.nanoTime() < deadline && !closed) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  private void run() {
    while (!closed) {
      EntryId id = asked.next();
      if (id != null) {
        read(id);
        asked.done(id);
        continue;
      }
      long now = System.nanoTime();
      id = now - restsUntilNanos < 0 ? null : found.next();
      if (id == null) {
        long rest = restsUntilNanos - now;
        LockSupport.parkNanos(rest > 0 ? rest : TimeUnit.SECONDS.toNanos(1));
        continue;
      }
      read(id);
      found.done(id);
      long end = System.nanoTime();
      restsUntilNanos = end + (end - now) * REST_FACTOR;
    }
  }

  private void read(EntryId id) {
    try {
      recheck(id);
    } catch (LinuxException | MirrorRoot.RootMissing e) {
      LOG.debug("mirror {}: {} cannot be read again: {}", root.mirror(), id, e.getMessage());
      open.remove(id);
    } catch (IOException | RuntimeException e) {
      if (!closed) {
        LOG.warn("mirror {}: reading entry {} again failed", root.mirror(), id, e);
      }
    }
  }

  private void recheck(EntryId id) throws IOException {
    Inode inode;
    RelPath path;
    try (Snapshot snapshot = index.snapshot()) {
      inode = snapshot.inode(id).orElse(null);
      path = snapshot.path(id).orElse(null);
    }
    if (inode == null || path == null || !(inode.entry() instanceof Entry.RegularFile known)) {
      open.remove(id);
      return;
    }
    boolean written;
    boolean differs;
    try (DirFd directory = root.enter();
        FileFd file = directory.openFile(path, Access.READ)) {
      if (!EntryReader.isSame(inode.local(), file.statWhenOpened())) {
        return;
      }
      written = file.writers() == org.hotspare.linux.WriterCheck.WRITERS;
      differs = known.digest() != null && !Contents.signature(file).root().equals(known.digest());
    }
    if (written) {
      open.add(id);
    } else {
      open.remove(id);
    }
    if (differs) {
      tracker.contentDiffers(id);
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

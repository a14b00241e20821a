package org.hotspare.mirror;

import java.io.IOException;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
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
 * <p>A file that is always being written costs a bounded share of time: after it was read it rests
 * for twenty times as long as reading took.
 */
final class Rechecker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Rechecker.class);
  private static final int REST_FACTOR = 20;

  private final MirrorRoot root;
  private final Index index;
  private final Tracker tracker;
  private final Queue<EntryId> queue = new LinkedBlockingQueue<>();
  private final Set<EntryId> queued = ConcurrentHashMap.newKeySet();

  /** Files that somebody had open for writing when last seen, and until when each rests. */
  private final Map<EntryId, Long> open = new ConcurrentHashMap<>();

  private final Thread thread;
  private volatile boolean closed;

  Rechecker(MirrorRoot root, Index index, Tracker tracker) {
    this.root = root;
    this.index = index;
    this.tracker = tracker;
    this.thread =
        Thread.ofPlatform().name("recheck-" + root.mirror()).daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Has the file read again soon. */
  void check(EntryId id) {
    if (queued.add(id)) {
      queue.add(id);
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
      Long rests = open.putIfAbsent(id, 0L);
      if (rests == null || System.nanoTime() - rests >= 0) {
        check(id);
      }
    }
  }

  /** Reads all files again that are known to be open for writing, and waits until that is done. */
  void checkOpenFiles() throws InterruptedException {
    open.keySet().forEach(this::check);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!queued.isEmpty() && System.nanoTime() < deadline && !closed) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  private void run() {
    while (!closed) {
      EntryId id = queue.poll();
      if (id == null) {
        LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
        continue;
      }
      try {
        recheck(id);
      } catch (LinuxException | MirrorRoot.RootMissing e) {
        LOG.debug("mirror {}: {} cannot be read again: {}", root.mirror(), id, e.getMessage());
        open.remove(id);
      } catch (IOException | RuntimeException e) {
        if (!closed) {
          LOG.warn("mirror {}: reading entry {} again failed", root.mirror(), id, e);
        }
      } finally {
        queued.remove(id);
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
    long started = System.nanoTime();
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
    long took = System.nanoTime() - started;
    if (written) {
      open.put(id, System.nanoTime() + took * REST_FACTOR);
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

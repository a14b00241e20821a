package org.hotspare.mirror;

import java.io.IOException;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.hotspare.index.Index;
import org.hotspare.index.Inode;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.Access;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.FileFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.WriterCheck;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.watch.SweptTree;
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

  /** How often a file is looked for that moves meanwhile. */
  private static final int ATTEMPTS = 4;

  /** After so long a barrier tries what could not be read. */
  private static final int AGAIN_MILLIS = 100;

  private final MirrorRoot root;
  private final Index index;
  private final Numbers numbers;

  /** Asked for: read as soon as can be. Guarded by this, as is all that comes from it. */
  private final RereadQueue asked = new RereadQueue();

  /** Found by the sweep: read in turn, with rests. Guarded by this. */
  private final Set<EntryId> found = new LinkedHashSet<>();

  /** Files that somebody had open for writing when last seen. */
  private final Set<EntryId> open = ConcurrentHashMap.newKeySet();

  /** Files that could not be read when last tried. */
  private final Set<EntryId> unreadable = ConcurrentHashMap.newKeySet();

  /** Until when nothing is read for the sweep; owned by the thread. */
  private long restsUntilNanos = System.nanoTime();

  /** How long reading took for the file that is looked at; owned by the thread. */
  private long readingNanos;

  private final Thread thread;
  private volatile boolean closed;

  /** What is asked of the one that numbers changes. */
  interface Numbers {
    /** The file was read, and differs from its row. */
    void contentDiffers(EntryId id);

    /**
     * Waits until all that raised an event before is numbered.
     *
     * @throws IOException if that takes too long
     */
    void await() throws IOException;

    static Numbers of(Tracker tracker) {
      return new Numbers() {
        @Override
        public void contentDiffers(EntryId id) {
          tracker.contentDiffers(id);
        }

        @Override
        public void await() throws IOException {
          ContentLoader.awaitNumbered(tracker);
        }
      };
    }
  }

  Rechecker(MirrorRoot root, Index index, Numbers numbers) {
    this.root = root;
    this.index = index;
    this.numbers = numbers;
    this.thread =
        Thread.ofPlatform().name("recheck-" + root.mirror()).daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Has the file read again soon. What is being read already is read once more. */
  synchronized void check(EntryId id) {
    asked.add(id);
    notifyAll();
  }

  /**
   * A process has the file at this place open for writing.
   *
   * @return whether it is one of the mirror
   */
  boolean foundOpen(SweptTree.Candidate file) {
    EntryId id = idOf(file).orElse(null);
    if (id == null) {
      return false;
    }
    open.add(id);
    synchronized (this) {
      if (found.add(id)) {
        notifyAll();
      }
    }
    return true;
  }

  /** Nothing for what is excluded, outside the mirror, or so new that its own event will tell. */
  private Optional<EntryId> idOf(SweptTree.Candidate file) {
    try (Snapshot snapshot = index.snapshot()) {
      // What the path means may have changed since the process opened the file, or differ for it.
      Optional<EntryId> id = snapshot.inodeAt(file.device(), file.inode()).map(Inode::id);
      RelPath path = file.path();
      return id.isPresent() || path == null ? id : snapshot.resolve(path);
    }
  }

  /**
   * What a barrier could not look at.
   *
   * @param processes whether not all were asked what they have open
   * @param files how many files that are open for writing were not read again
   */
  record Unchecked(boolean processes, long files) {
    boolean isNone() {
      return !processes && files == 0;
    }

    String words() {
      return processes
          ? "not all processes could be asked in time which files they have open"
          : files == 1
              ? "1 file that is open for writing could not be read again"
              : "%,d files that are open for writing could not be read again".formatted(files);
    }
  }

  /**
   * Reads all files again that somebody has open for writing at this moment, and numbers what
   * differs.
   *
   * @param deadlineNanos as of {@code System.nanoTime()}
   */
  Unchecked checkOpenFiles(SweptTree tree, long deadlineNanos)
      throws IOException, InterruptedException {
    Set<EntryId> files = new HashSet<>();
    boolean complete = tree.passNow(file -> idOf(file).ifPresent(files::add), deadlineNanos);
    // Where other processes may not be looked into, these are all that is known.
    files.addAll(open);
    return new Unchecked(!complete, readAgain(files, deadlineNanos));
  }

  /**
   * Answers how many of the files were not read in time, or could not be.
   *
   * @param deadlineNanos as of {@code System.nanoTime()}
   */
  long readAgain(Set<EntryId> all, long deadlineNanos) throws InterruptedException {
    Set<EntryId> files = new HashSet<>(all);
    long unread = readOnce(files, deadlineNanos);
    while (unread > 0 && deadlineNanos - System.nanoTime() > 0 && !closed) {
      // Whoever holds a lease, as Samba does, gives it up when somebody tries to open the file.
      TimeUnit.MILLISECONDS.sleep(AGAIN_MILLIS);
      files.retainAll(unreadable);
      unread = readOnce(files, deadlineNanos);
    }
    return unread;
  }

  private synchronized long readOnce(Set<EntryId> files, long deadlineNanos)
      throws InterruptedException {
    RereadQueue.Asking asking = asked.ask(files);
    notifyAll();
    try {
      long left = deadlineNanos - System.nanoTime();
      while (asking.left() > 0 && left > 0 && !closed) {
        TimeUnit.NANOSECONDS.timedWait(this, left);
        left = deadlineNanos - System.nanoTime();
      }
      return asking.left() > 0
          ? asking.left()
          : files.stream().filter(unreadable::contains).count();
    } finally {
      // Whoever asks later does not wait for them.
      asked.giveUp(asking);
    }
  }

  /**
   * A file to read.
   *
   * @param asked null for one that the sweep found
   */
  private record Next(EntryId id, RereadQueue.@Nullable Reading asked) {}

  /** Waits for the next file to read; null once this is closed. */
  private synchronized @Nullable Next next() throws InterruptedException {
    while (!closed) {
      RereadQueue.Reading reading = asked.take();
      if (reading != null) {
        return new Next(reading.file(), reading);
      }
      long rest = restsUntilNanos - System.nanoTime();
      if (found.isEmpty()) {
        wait();
      } else if (rest > 0) {
        TimeUnit.NANOSECONDS.timedWait(this, rest);
      } else {
        return new Next(removeFirst(found), null);
      }
    }
    return null;
  }

  private static EntryId removeFirst(Set<EntryId> files) {
    var first = files.iterator();
    EntryId id = first.next();
    first.remove();
    return id;
  }

  private synchronized void answered(RereadQueue.Reading reading) {
    asked.done(reading);
    notifyAll();
  }

  private void run() {
    try {
      for (Next next = next(); next != null; next = next()) {
        readingNanos = 0;
        read(next);
        if (next.asked != null) {
          answered(next.asked);
        } else {
          restsUntilNanos = System.nanoTime() + readingNanos * REST_FACTOR;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void read(Next next) {
    EntryId id = next.id;
    try {
      recheck(id, next.asked != null);
      unreadable.remove(id);
    } catch (IOException | RuntimeException e) {
      boolean news = unreadable.add(id);
      if (news && !closed) {
        boolean expected = e instanceof LinuxException || e instanceof MirrorRoot.RootMissing;
        LOG.warn(
            "mirror {}: entry {}, which may be written to, cannot be read again: {}",
            root.mirror(),
            id,
            e.getMessage(),
            expected ? null : e);
      }
    }
  }

  private void recheck(EntryId id, boolean wasAsked) throws IOException {
    for (int attempt = 1; ; attempt++) {
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
      try {
        if (compare(inode, known, path, wasAsked)) {
          return;
        }
      } finally {
        readingNanos += System.nanoTime() - started;
      }
      if (attempt == ATTEMPTS) {
        throw new IOException("it keeps moving");
      }
      // Whatever moved it raised an event before: once that is numbered, the place is known.
      numbers.await();
    }
  }

  /** Answers false where another file is at that place, or none. */
  private boolean compare(Inode inode, Entry.RegularFile known, RelPath path, boolean wasAsked)
      throws IOException {
    EntryId id = inode.id();
    boolean written;
    boolean differs;
    try (DirFd directory = root.enter();
        FileFd file = directory.openFile(path, Access.READ)) {
      if (!EntryReader.isSame(inode.local(), file.statWhenOpened())) {
        return false;
      }
      written = file.writers() == WriterCheck.WRITERS;
      // Without a digest it is being sent for the first time, perhaps past what changed just now.
      differs =
          known.digest() == null
              ? wasAsked && written
              : !Contents.signature(file).root().equals(known.digest());
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP, Errno.EXDEV, Errno.EISDIR, Errno.ENXIO)) {
        return false;
      }
      throw e;
    } catch (Contents.Shrunk e) {
      written = true;
      differs = true;
    }
    if (written) {
      open.add(id);
    } else {
      open.remove(id);
    }
    if (differs) {
      numbers.contentDiffers(id);
    }
    return true;
  }

  @Override
  public void close() {
    closed = true;
    synchronized (this) {
      notifyAll();
    }
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

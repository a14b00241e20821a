package org.hotspare.watch;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Stat;
import org.hotspare.tree.EntryId;
import org.jspecify.annotations.Nullable;

/**
 * Watches each directory in the best way that it can be: one tree may hold filesystems of different
 * kinds. The sources of events are emptied by threads of their own into one queue; what raises no
 * events has its turn between them.
 */
final class TreeWatcher implements Watcher {
  private static final long MIN_ROUND_NANOS = 1_000_000_000;
  private static final int TURNS_A_BATCH = 64;

  private final WatchMethod method;
  private final String whyNotBetter;
  private final @Nullable FanotifySource fanotify;
  private final @Nullable InotifySource inotify;
  private final Cookies cookies;
  private final MarkQueue queue;
  private final MountChanges mounts;
  private final List<EventThread> threads = new ArrayList<>();
  private final SharedFileSystems shared = new SharedFileSystems();
  private final Set<Long> devices = ConcurrentHashMap.newKeySet();

  /** The filesystems of which one directory has a watch to tell when they are unmounted. */
  private final Set<Long> watchedMounts = ConcurrentHashMap.newKeySet();

  /** Guarded by itself, as is {@link #whyPolled}. */
  private final Turns turns = new Turns(MIN_ROUND_NANOS, System.nanoTime());

  /** The reasons met so far, each once; about as many as there are filesystems. */
  private final Set<String> whyPolled = new TreeSet<>();

  /** When the polling thread was given something to list; 0 if it has come back since. */
  private long listingSince;

  /**
   * @param fanotify started, where the method is fanotify; closed with this
   * @param inotify where there is one; started where it is the method; closed with this
   */
  TreeWatcher(
      WatchMethod method,
      String whyNotBetter,
      @Nullable FanotifySource fanotify,
      @Nullable InotifySource inotify,
      Cookies cookies,
      MarkQueue queue,
      MountChanges mounts) {
    this.method = method;
    this.whyNotBetter = whyNotBetter;
    this.fanotify = fanotify;
    this.inotify = inotify;
    this.cookies = cookies;
    this.queue = queue;
    this.mounts = mounts;
    if (fanotify != null) {
      threads.add(new EventThread("fanotify", fanotify, queue));
    }
    if (inotify != null) {
      inotify.whenUnmounted(this::unmounted);
      threads.add(new EventThread("inotify", inotify, queue));
    }
    threads.add(new EventThread("mounts", new MountSource(mounts, this, queue), queue));
  }

  @Override
  public Coverage coverage() {
    synchronized (turns) {
      int polled = turns.size();
      List<String> notes = new ArrayList<>();
      if (!whyNotBetter.isEmpty()) {
        notes.add(whyNotBetter);
      }
      if (polled > 0) {
        long seconds = (turns.lastRoundNanos() + 500_000_000) / 1_000_000_000;
        String why = whyPolled.isEmpty() ? "" : " (" + String.join("; ", whyPolled) + ")";
        notes.add(
            polled
                + (polled == 1 ? " directory is" : " directories are")
                + " polled, a round in "
                + seconds
                + " s"
                + why);
      }
      return new Coverage(method.toString(), polled == 0, String.join("; ", notes));
    }
  }

  @Override
  public void watch(EntryId id, DirFd directory) throws IOException {
    Stat stat = directory.stat();
    Optional<String> sharedType = shared.typeIfShared(stat);
    boolean raisesEvents = watchEvents(id, directory, stat, sharedType.isPresent());
    devices.add(stat.device());
    synchronized (turns) {
      if (raisesEvents && sharedType.isEmpty()) {
        turns.remove(id);
        if (turns.size() == 0) {
          whyPolled.clear();
        }
      } else {
        turns.add(id);
        sharedType.ifPresent(type -> whyPolled.add(type + " tells no changes made elsewhere"));
      }
    }
  }

  private boolean watchEvents(EntryId id, DirFd directory, Stat stat, boolean isShared)
      throws IOException {
    if (fanotify != null && !isShared) {
      if (fanotify.watch(id, directory, stat)) {
        watchMount(directory, stat);
        return true;
      }
      fanotify.forget(id);
    }
    return inotify != null
        && method != WatchMethod.POLLING
        && watchByInotify(inotify, id, directory);
  }

  /** One watch for each filesystem, since its mark goes without a word when it is unmounted. */
  private void watchMount(DirFd directory, Stat stat) {
    if (inotify == null || !watchedMounts.add(stat.device())) {
      return;
    }
    try {
      inotify.watchMount(directory);
    } catch (LinuxException noRoom) {
      // The table of mounts is compared, too; it misses only what is unmounted and mounted again
      // within two seconds.
      synchronized (turns) {
        whyPolled.add(noRoom.getMessage());
      }
    }
  }

  private boolean watchByInotify(InotifySource source, EntryId id, DirFd directory)
      throws IOException {
    try {
      source.watch(id, directory);
      return true;
    } catch (LinuxException failed) {
      boolean noRoom = failed.is(Errno.ENOSPC);
      synchronized (turns) {
        whyPolled.add(noRoom ? "fs.inotify.max_user_watches is reached" : failed.getMessage());
      }
      return false;
    }
  }

  @Override
  public Set<Long> devices() {
    return Set.copyOf(devices);
  }

  @Override
  public void forget(EntryId id) {
    if (fanotify != null) {
      fanotify.forget(id);
    }
    if (inotify != null) {
      inotify.forget(id);
    }
    synchronized (turns) {
      turns.remove(id);
    }
  }

  /** The id of a directory that raises events, if it is watched. */
  Optional<EntryId> idOf(DirFd directory) throws IOException {
    Optional<EntryId> id = fanotify == null ? Optional.empty() : fanotify.idOf(directory);
    return id.isEmpty() && inotify != null ? inotify.idOf(directory) : id;
  }

  /** A device number may be another filesystem's by now: all are looked up again. */
  void forgetFileSystems() {
    shared.forgetAll();
    watchedMounts.clear();
    if (fanotify != null) {
      fanotify.forgetFileSystems();
    }
  }

  /** A filesystem below the root was unmounted, and its marks went with it. */
  private void unmounted() throws IOException {
    // In this order: what is mounted after the table was read is noticed by comparing with it.
    mounts.refresh();
    forgetFileSystems();
    queue.everything("a filesystem below the root was unmounted");
  }

  @Override
  public List<Mark> poll(Duration timeout, int maxMarks) throws IOException {
    long wait;
    synchronized (turns) {
      long now = System.nanoTime();
      if (listingSince != 0) {
        turns.took(now - listingSince, now);
        listingSince = 0;
      }
      wait = turns.nanosToWait(now);
    }
    // A turn that is due has its place, however many events there are.
    int reserved = wait == 0 ? Math.min(TURNS_A_BATCH, maxMarks / 2) : 0;
    Duration untilTurn = Duration.ofNanos(Math.min(wait, timeout.toNanos()));
    List<Mark> marks = queue.take(untilTurn, maxMarks - reserved);
    synchronized (turns) {
      long now = System.nanoTime();
      List<Mark> listings = turns.take(Math.min(TURNS_A_BATCH, maxMarks - marks.size()), now);
      if (!listings.isEmpty()) {
        listingSince = now;
        marks.addAll(listings);
      }
    }
    return marks;
  }

  @Override
  public void wake() {
    queue.wake();
  }

  @Override
  public long cookie() throws IOException {
    long token = eventCookie();
    synchronized (turns) {
      turns.ask(token);
    }
    // A poll that waits for the next turn may now have it sooner.
    queue.wake();
    return token;
  }

  @Override
  public long eventCookie() throws IOException {
    return hasEvents() ? cookies.make() : cookies.makeWithoutFile();
  }

  private boolean hasEvents() {
    return method != WatchMethod.POLLING;
  }

  @Override
  public boolean passed(long token) {
    synchronized (turns) {
      return turns.passed() >= token && eventsPassed(token);
    }
  }

  @Override
  public boolean eventsPassed(long token) {
    return !hasEvents() || queue.passed() >= token;
  }

  @Override
  public void close() {
    threads.forEach(EventThread::close);
  }
}

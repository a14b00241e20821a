package org.hotspare.watch;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Inotify;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/**
 * Events of single directories, each with a watch of its own. Also tells when a filesystem that
 * holds a watch is unmounted, which fanotify does not.
 */
final class InotifySource implements EventSource {
  /** How long the second half of a rename may be behind the first. */
  private static final Duration SECOND_HALF = Duration.ofMillis(2);

  private final Inotify inotify;
  private final WatchedDirectories directories = new WatchedDirectories();
  private final MarkQueue queue;
  private final Cookies cookies;
  private final CookieArrivals arrivals;

  private volatile Unmounted unmounted = () -> {};

  /** Guarded by this. */
  private final Set<Integer> mountWatches = new HashSet<>();

  /** Of the work directory, while it is watched. */
  private volatile int cookieWatch = -1;

  /** The first half of a rename, last of what was read. Of the thread that reads. */
  private @Nullable Half half;

  /** What to do when a filesystem with a watch on it was unmounted. */
  interface Unmounted {
    void handle() throws IOException;
  }

  private record Half(int cookie, EntryId directory, Name name) {}

  InotifySource(Inotify inotify, MarkQueue queue, Cookies cookies, CookieArrivals arrivals) {
    this.inotify = inotify;
    this.queue = queue;
    this.cookies = cookies;
    this.arrivals = arrivals;
  }

  /** To be called before the first {@link #read}. */
  void whenUnmounted(Unmounted handler) {
    unmounted = handler;
  }

  /**
   * Looks out for cookies from now on; does nothing while it does.
   *
   * @throws LinuxException ENOSPC if there is no room for a watch
   */
  synchronized void start() throws IOException {
    if (cookieWatch < 0) {
      try (DirFd directory = cookies.open()) {
        cookieWatch = inotify.add(directory);
      }
      arrivals.start(CookieArrivals.Source.INOTIFY, cookies.last());
    }
  }

  /**
   * @throws LinuxException ENOSPC if there is no room for a watch
   */
  synchronized void watch(EntryId id, DirFd directory) throws IOException {
    start();
    directories.put(key(inotify.add(directory)), id);
  }

  /** Only to be told when the filesystem of the directory is unmounted. */
  synchronized void watchMount(DirFd directory) throws LinuxException {
    mountWatches.add(inotify.add(directory));
  }

  synchronized void forget(EntryId id) {
    long key = directories.remove(id);
    if (key != LongTable.ABSENT && !mountWatches.contains(watch(key))) {
      remove(watch(key));
    }
  }

  private void remove(int watch) {
    try {
      inotify.remove(watch);
    } catch (LinuxException impossible) {
      // The one error there is, of a watch that is gone, is an answer and not thrown.
      throw new IllegalStateException(impossible);
    }
  }

  synchronized Optional<EntryId> idOf(DirFd directory) throws LinuxException {
    int watch = inotify.add(directory);
    Optional<EntryId> id = directories.find(key(watch));
    if (id.isEmpty() && watch != cookieWatch && !mountWatches.contains(watch)) {
      remove(watch);
    }
    return id;
  }

  int size() {
    return directories.size();
  }

  /** Watches are numbered from 1, or from 0 in some kernels; keys from 1. */
  private static long key(int watch) {
    return watch + 1L;
  }

  private static int watch(long key) {
    return (int) (key - 1);
  }

  @Override
  public void read(Duration timeout) throws IOException {
    List<Inotify.Event> events = inotify.read(half == null ? timeout : SECOND_HALF);
    Map<Integer, Inotify.Event> secondHalves = new HashMap<>();
    for (Inotify.Event event : events) {
      if (event.movedTo()) {
        secondHalves.put(event.cookie(), event);
      }
    }
    Half first = half;
    if (first != null) {
      half = null;
      passRename(first, secondHalves.remove(first.cookie()));
    }
    // Every watch of the filesystem says so.
    if (events.stream().anyMatch(event -> (event.mask() & Inotify.UNMOUNT) != 0)) {
      unmounted.handle();
    }
    for (int i = 0; i < events.size(); i++) {
      pass(events.get(i), i == events.size() - 1, secondHalves);
    }
  }

  private void pass(Inotify.Event event, boolean last, Map<Integer, Inotify.Event> secondHalves) {
    if (event.isOverflow()) {
      queue.everything("events were lost: fs.inotify.max_queued_events were waiting for the agent");
      // What was lost may include cookies.
      arrivals.arrived(CookieArrivals.Source.INOTIFY, cookies.last());
    } else if (event.isIgnored()) {
      ended(event.wd());
    } else if (event.wd() == cookieWatch) {
      passCookie(event.name());
    } else {
      EntryId directory = directories.find(key(event.wd())).orElse(null);
      if (directory != null) {
        passChange(directory, event, last, secondHalves);
      }
    }
  }

  private synchronized void ended(int watch) {
    directories.removeKey(key(watch));
    mountWatches.remove(watch);
    if (watch == cookieWatch) {
      cookieWatch = -1;
    }
  }

  private void passCookie(@Nullable Name name) {
    OptionalLong token = name == null ? OptionalLong.empty() : cookies.token(name);
    token.ifPresent(value -> arrivals.arrived(CookieArrivals.Source.INOTIFY, value));
  }

  private void passChange(
      EntryId directory,
      Inotify.Event event,
      boolean last,
      Map<Integer, Inotify.Event> secondHalves) {
    Name name = event.name();
    if (name == null) {
      // That it was moved or deleted, its parent tells, by name.
      if (event.attributesChanged()) {
        queue.add(new Mark.Self(directory));
      }
    } else if (event.movedFrom()) {
      Half first = new Half(event.cookie(), directory, name);
      Inotify.Event second = secondHalves.remove(event.cookie());
      if (second == null && last) {
        half = first;
      } else {
        passRename(first, second);
      }
    } else if (!event.movedTo() || secondHalves.remove(event.cookie()) != null) {
      // A second half is told with the first, unless that one is outside.
      queue.add(new Mark.Entry(directory, name));
    }
  }

  private void passRename(Half first, Inotify.@Nullable Event second) {
    Name newName = second == null ? null : second.name();
    EntryId newDirectory = second == null ? null : directories.find(key(second.wd())).orElse(null);
    if (newDirectory != null && newName != null) {
      queue.add(new Mark.Moved(first.directory(), first.name(), newDirectory, newName));
    } else {
      queue.add(new Mark.Entry(first.directory(), first.name()));
    }
  }

  @Override
  public void wake() {
    inotify.wake();
  }

  @Override
  public void close() {
    inotify.close();
  }
}

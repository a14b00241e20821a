package org.hotspare.watch;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Fanotify;
import org.hotspare.linux.FileHandle;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/**
 * Events of whole filesystems. Watching a directory only means to remember which id its handle
 * stands for; events of directories that nobody asked about are dropped.
 */
final class FanotifySource implements EventSource {
  private final Fanotify fanotify;
  private final MarkedFileSystems fileSystems;
  private final WatchedDirectories directories = new WatchedDirectories();
  private final MarkQueue queue;
  private final Cookies cookies;
  private final CookieArrivals arrivals;
  private final int ignoredPid;

  /** Makes the fingerprints of handles unpredictable. */
  private final long seed = ThreadLocalRandom.current().nextLong();

  private volatile long cookieKey = LongTable.ABSENT;

  /** Whether the mark on the work directory's filesystem may have gone. */
  private volatile boolean mayHaveStopped;

  /**
   * @param ignoreOwn whether what this process does itself is not told
   */
  FanotifySource(
      Fanotify fanotify,
      MarkQueue queue,
      Cookies cookies,
      CookieArrivals arrivals,
      boolean ignoreOwn) {
    this.fanotify = fanotify;
    this.fileSystems = new MarkedFileSystems(fanotify);
    this.queue = queue;
    this.cookies = cookies;
    this.arrivals = arrivals;
    this.ignoredPid = ignoreOwn ? Math.toIntExact(ProcessHandle.current().pid()) : -1;
  }

  /**
   * Looks out for cookies from now on.
   *
   * @return why the filesystem of the root, or that of the work directory, cannot be watched
   */
  Optional<String> start(DirFd root) throws IOException {
    mayHaveStopped = false;
    OptionalInt ofRoot = fileSystems.mark(root, root.stat());
    try (DirFd directory = cookies.open()) {
      Stat stat = directory.stat();
      OptionalInt ofCookies = fileSystems.mark(directory, stat);
      if (ofRoot.isEmpty() || ofCookies.isEmpty()) {
        return fileSystems
            .refusal(root.stat().device())
            .or(() -> fileSystems.refusal(stat.device()));
      }
      cookieKey = key(ofCookies.getAsInt(), directory.handle());
    }
    arrivals.start(CookieArrivals.Source.FANOTIFY, cookies.last());
    return Optional.empty();
  }

  /** The root's filesystem may have been mounted anew, or be another one. */
  private void startAgain(DirFd root) throws IOException {
    if (start(root).isPresent()) {
      arrivals.stop(CookieArrivals.Source.FANOTIFY);
    }
  }

  /**
   * @return whether its events will be told
   */
  boolean watch(EntryId id, DirFd directory, Stat stat) throws IOException {
    if (mayHaveStopped && id.equals(EntryId.ROOT)) {
      startAgain(directory);
    }
    OptionalInt fileSystem = fileSystems.mark(directory, stat);
    if (fileSystem.isEmpty()) {
      return false;
    }
    directories.put(key(fileSystem.getAsInt(), directory.handle()), id);
    return true;
  }

  void forget(EntryId id) {
    directories.remove(id);
  }

  void forgetFileSystems() {
    fileSystems.forgetMarks();
    mayHaveStopped = true;
  }

  Optional<EntryId> idOf(DirFd directory) throws IOException {
    OptionalInt fileSystem = fileSystems.mark(directory, directory.stat());
    return fileSystem.isEmpty()
        ? Optional.empty()
        : directories.find(key(fileSystem.getAsInt(), directory.handle()));
  }

  @Override
  public void read(Duration timeout) throws LinuxException {
    for (Fanotify.Event event : fanotify.read(timeout)) {
      if (event.isOverflow()) {
        queue.everything(
            "events were lost: fs.fanotify.max_queued_events were waiting for the agent");
        // What was lost may include cookies.
        arrivals.arrived(CookieArrivals.Source.FANOTIFY, cookies.last());
      } else {
        fileSystems.ofEvent(event.fileSystemId()).ifPresent(number -> pass(number, event));
      }
    }
  }

  private void pass(int fileSystem, Fanotify.Event event) {
    long key = key(fileSystem, event.directory());
    if (key != LongTable.ABSENT && key == cookieKey) {
      passCookie(event.name());
      return;
    }
    if (event.pid() == ignoredPid) {
      return;
    }
    EntryId directory = directories.find(key).orElse(null);
    Name name = event.name();
    FileHandle target = event.isDirectory() ? null : event.target();
    if (event.renamed()) {
      EntryId newDirectory = directories.find(key(fileSystem, event.newDirectory())).orElse(null);
      passRename(directory, name, newDirectory, event.newName(), target);
    } else if (directory != null) {
      queue.add(name == null ? new Mark.Self(directory) : new Mark.Entry(directory, name, target));
    }
  }

  private void passCookie(@Nullable Name name) {
    OptionalLong token = name == null ? OptionalLong.empty() : cookies.token(name);
    token.ifPresent(value -> arrivals.arrived(CookieArrivals.Source.FANOTIFY, value));
  }

  private void passRename(
      @Nullable EntryId from,
      @Nullable Name name,
      @Nullable EntryId to,
      @Nullable Name newName,
      @Nullable FileHandle target) {
    if (from != null && name != null && to != null && newName != null) {
      queue.add(new Mark.Moved(from, name, to, newName));
    } else if (from != null && name != null) {
      queue.add(new Mark.Entry(from, name, target));
    } else if (to != null && newName != null) {
      queue.add(new Mark.Entry(to, newName, target));
    }
  }

  /**
   * 63 bits of a handle, which is up to 128 bytes: the chance that two of a million directories
   * share them is 1 in 18 million, and then changes in one of the two are told as the other's.
   */
  private long key(int fileSystem, @Nullable FileHandle handle) {
    if (handle == null) {
      return LongTable.ABSENT;
    }
    Bytes bytes = handle.bytes();
    long hash = mix(seed ^ ((long) fileSystem << 32 | (handle.type() & 0xffff_ffffL)));
    long word = bytes.length();
    for (int i = 0; i < bytes.length(); i++) {
      word = word << 8 | (bytes.at(i) & 0xff);
      if (i % 8 == 7) {
        hash = mix(hash + word);
        word = 0;
      }
    }
    return Math.max(1, mix(hash + word) >>> 1);
  }

  /** David Stafford's variant 13 of the finaliser of MurmurHash3. */
  private static long mix(long value) {
    long mixed = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ mixed >>> 27) * 0x94d049bb133111ebL;
    return mixed ^ mixed >>> 31;
  }

  @Override
  public void wake() {
    fanotify.wake();
  }

  @Override
  public void close() {
    fanotify.close();
  }
}

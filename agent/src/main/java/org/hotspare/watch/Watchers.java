package org.hotspare.watch;

import java.io.IOException;
import java.nio.file.Path;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.Fanotify;
import org.hotspare.linux.Inotify;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.Bytes;
import org.jspecify.annotations.Nullable;

/** Opens the best watcher that this kernel, this process and the root's filesystem allow. */
public final class Watchers {
  private Watchers() {}

  /**
   * A directory that is opened for each use and closed after it: a descriptor that stayed open
   * would keep an administrator from unmounting its filesystem.
   */
  @FunctionalInterface
  public interface Place {
    DirFd open() throws IOException;
  }

  /**
   * Nothing is watched yet: that begins with {@link Watcher#watch} of the root.
   *
   * @param root is not needed any more when this returns
   * @param path of the root
   * @param workDirectory hotspare's own, on the root's filesystem, for cookies
   * @param best the method to begin with; those that are better are not tried
   * @param ignoreOwn whether what this process does itself below the root is not told; only
   *     fanotify can tell who did it
   * @throws IOException if the root cannot be looked at
   */
  public static Watcher open(
      DirFd root, Path path, Place workDirectory, WatchMethod best, boolean ignoreOwn)
      throws IOException {
    MountChanges mounts = new MountChanges(Bytes.of(path.toRealPath().toString()));
    return new Attempt(root, workDirectory, mounts, ignoreOwn).open(best);
  }

  /** One method after the other, with what the better ones said. */
  private static final class Attempt {
    private final DirFd root;
    private final MountChanges mounts;
    private final boolean ignoreOwn;
    private final MarkQueue queue = new MarkQueue(MarkQueue.MAX_PENDING);
    private final CookieArrivals arrivals = new CookieArrivals(queue);
    private final Cookies cookies;
    private final StringBuilder why = new StringBuilder();

    Attempt(DirFd root, Place workDirectory, MountChanges mounts, boolean ignoreOwn) {
      this.root = root;
      this.mounts = mounts;
      this.ignoreOwn = ignoreOwn;
      this.cookies = new Cookies(workDirectory);
    }

    Watcher open(WatchMethod best) throws IOException {
      String shared = new SharedFileSystems().typeIfShared(root.stat()).orElse("");
      if (!shared.isEmpty()) {
        because("the root is on " + shared);
        return watcher(WatchMethod.POLLING, null, null);
      }
      FanotifySource fanotify = best == WatchMethod.FANOTIFY ? fanotify() : null;
      InotifySource inotify = best == WatchMethod.POLLING ? null : inotify(fanotify == null);
      if (fanotify != null) {
        return watcher(WatchMethod.FANOTIFY, fanotify, inotify);
      }
      return watcher(inotify != null ? WatchMethod.INOTIFY : WatchMethod.POLLING, null, inotify);
    }

    private Watcher watcher(
        WatchMethod method, @Nullable FanotifySource fanotify, @Nullable InotifySource inotify) {
      return new TreeWatcher(method, why.toString(), fanotify, inotify, cookies, queue, mounts);
    }

    private void because(String reason) {
      why.append(why.isEmpty() ? "" : "; ").append(reason);
    }

    private @Nullable FanotifySource fanotify() throws IOException {
      Fanotify fanotify;
      try {
        fanotify = Fanotify.open(false);
      } catch (LinuxException refused) {
        because("no fanotify: " + refused.getMessage());
        return null;
      }
      FanotifySource source = new FanotifySource(fanotify, queue, cookies, arrivals, ignoreOwn);
      try {
        String refusal = source.start(root).orElse("");
        if (refusal.isEmpty()) {
          return source;
        }
        because("no fanotify: " + refusal);
      } catch (IOException | RuntimeException failed) {
        source.close();
        throw failed;
      }
      source.close();
      return null;
    }

    private @Nullable InotifySource inotify(boolean forCookies) throws IOException {
      try {
        InotifySource source = new InotifySource(Inotify.open(), queue, cookies, arrivals);
        if (forCookies) {
          startOrClose(source);
        }
        return source;
      } catch (LinuxException refused) {
        because(
            "no inotify: "
                + (refused.is(Errno.ENOSPC)
                    ? "fs.inotify.max_user_watches is reached"
                    : refused.getMessage()));
        return null;
      }
    }

    private static void startOrClose(InotifySource source) throws IOException {
      try {
        source.start();
      } catch (IOException | RuntimeException failed) {
        source.close();
        throw failed;
      }
    }
  }
}

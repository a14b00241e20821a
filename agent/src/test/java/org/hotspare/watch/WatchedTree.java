package org.hotspare.watch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.LoopFileSystem;

/** The filesystems and the ways to watch them that every watcher's promises are tested on. */
enum WatchedTree {
  EXT4(LoopFileSystem.Kind.EXT4, WatchMethod.FANOTIFY, WatchMethod.FANOTIFY),
  XFS(LoopFileSystem.Kind.XFS, WatchMethod.FANOTIFY, WatchMethod.FANOTIFY),
  BTRFS(LoopFileSystem.Kind.BTRFS, WatchMethod.FANOTIFY, WatchMethod.FANOTIFY),
  BTRFS_SUBVOLUME(LoopFileSystem.Kind.BTRFS, WatchMethod.FANOTIFY, WatchMethod.INOTIFY),
  TMPFS(LoopFileSystem.Kind.TMPFS, WatchMethod.FANOTIFY, WatchMethod.FANOTIFY),
  OVERLAY(LoopFileSystem.Kind.OVERLAY, WatchMethod.FANOTIFY, WatchMethod.INOTIFY),
  EXT4_BY_INOTIFY(LoopFileSystem.Kind.EXT4, WatchMethod.INOTIFY, WatchMethod.INOTIFY),
  EXT4_BY_POLLING(LoopFileSystem.Kind.EXT4, WatchMethod.POLLING, WatchMethod.POLLING);

  final LoopFileSystem.Kind kind;
  final WatchMethod best;
  final WatchMethod expected;

  WatchedTree(LoopFileSystem.Kind kind, WatchMethod best, WatchMethod expected) {
    this.kind = kind;
    this.best = best;
    this.expected = expected;
  }

  /** A directory of the filesystem that may hold the root, what is beside it, and the work. */
  Path home(LoopFileSystem fileSystem) throws IOException {
    Path home = fileSystem.path().resolve("home");
    if (this == BTRFS_SUBVOLUME) {
      LoopFileSystem.run("btrfs", "subvolume", "create", home.toString());
    } else {
      Files.createDirectories(home);
    }
    return home;
  }

  /** One root that is watched, with what belongs to it. */
  record Opened(Watcher watcher, DirFd root) implements AutoCloseable {
    static Opened open(Path root, Path work, WatchMethod best, boolean ignoreOwn)
        throws IOException {
      DirFd rootFd = DirFd.openRoot(root);
      Watcher opened = Watchers.open(rootFd, root, () -> DirFd.openRoot(work), best, ignoreOwn);
      return new Opened(opened, rootFd);
    }

    @Override
    public void close() {
      watcher.close();
      root.close();
    }
  }
}

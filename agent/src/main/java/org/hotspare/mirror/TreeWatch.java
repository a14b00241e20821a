package org.hotspare.mirror;

import java.io.IOException;
import org.hotspare.linux.DirFd;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.watch.WatchMethod;
import org.hotspare.watch.Watcher;
import org.hotspare.watch.Watchers;

/** Watching a mirror's tree. */
final class TreeWatch {
  private TreeWatch() {}

  /**
   * @param ignoreOwn whether what this process does in the tree is not told
   */
  static Watcher open(MirrorRoot mirror, boolean ignoreOwn) throws IOException {
    try (DirFd root = mirror.enter()) {
      return Watchers.open(root, mirror.path(), mirror::enterWork, WatchMethod.FANOTIFY, ignoreOwn);
    }
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import org.hotspare.linux.DirFd;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.watch.WatchMethod;
import org.hotspare.watch.Watcher;
import org.hotspare.watch.Watchers;

/** A watcher together with the directories that it needs open. */
record TreeWatch(Watcher watcher, DirFd root, DirFd work) implements AutoCloseable {

  /**
   * @param ignoreOwn whether what this process does in the tree is not told
   */
  static TreeWatch open(MirrorRoot mirror, boolean ignoreOwn) throws IOException {
    DirFd root = mirror.enter();
    try {
      DirFd work = DirFd.openRoot(mirror.workDirectory());
      try {
        Watcher watcher = Watchers.open(root, mirror.path(), work, WatchMethod.FANOTIFY, ignoreOwn);
        return new TreeWatch(watcher, root, work);
      } catch (IOException | RuntimeException e) {
        work.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      root.close();
      throw e;
    }
  }

  @Override
  public void close() {
    watcher.close();
    root.close();
    work.close();
  }
}

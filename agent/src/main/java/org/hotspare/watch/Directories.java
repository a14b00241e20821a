package org.hotspare.watch;

import java.io.IOException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hotspare.index.IndexReader;
import org.hotspare.index.Inode;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.RelPath;
import org.jspecify.annotations.Nullable;

/**
 * The open directories of one piece of work, found by id. A directory is opened from the root,
 * beneath it and through no link, and only taken when it is the inode that the index knows. Owned
 * by one thread.
 */
final class Directories implements AutoCloseable {
  private static final int CAPACITY = 128;

  private final DirFd root;
  private final Map<EntryId, DirFd> open = new LinkedHashMap<>(CAPACITY, 0.75f, true);

  /**
   * Those that were not where the index says: nor are they until something moves. Many marks are
   * about one directory, and each is tried again.
   */
  private final Set<EntryId> elsewhere = new HashSet<>();

  /** Takes over {@code root}: it is closed with this. */
  Directories(DirFd root) {
    this.root = root;
  }

  DirFd root() {
    return root;
  }

  /**
   * The directory, or null where it is not (or no longer) where the index says.
   *
   * @throws LinuxException where that cannot be told
   */
  @Nullable DirFd open(IndexReader index, EntryId id) throws IOException {
    if (id.equals(EntryId.ROOT)) {
      return root;
    }
    DirFd known = open.get(id);
    if (known != null) {
      return known;
    }
    if (elsewhere.contains(id)) {
      return null;
    }
    Optional<RelPath> path = index.path(id);
    Optional<Inode> inode = index.inode(id);
    if (path.isEmpty() || inode.isEmpty()) {
      return null;
    }
    DirFd found = openAt(path.get());
    if (found != null && !isSame(found, inode.get())) {
      found.close();
      found = null;
    }
    if (found == null) {
      elsewhere.add(id);
    } else {
      put(id, found);
    }
    return found;
  }

  private static boolean isSame(DirFd found, Inode inode) throws IOException {
    try {
      return EntryReader.isSame(inode.local(), found.stat());
    } catch (IOException e) {
      found.close();
      throw e;
    }
  }

  private @Nullable DirFd openAt(RelPath path) throws IOException {
    try {
      return root.openDirectory(path);
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP, Errno.EXDEV)) {
        return null;
      }
      throw e;
    }
  }

  private void put(EntryId id, DirFd directory) {
    if (open.size() >= CAPACITY) {
      var eldest = open.entrySet().iterator();
      eldest.next().getValue().close();
      eldest.remove();
    }
    open.put(id, directory);
  }

  /** A directory moved: what was opened by its old path may be elsewhere now. */
  void forget() {
    open.values().forEach(DirFd::close);
    open.clear();
    elsewhere.clear();
  }

  @Override
  public void close() {
    forget();
    root.close();
  }
}

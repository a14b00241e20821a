package org.hotspare.watch;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Mount;
import org.hotspare.linux.Mounts;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.RelPath;

/**
 * Notices what is mounted and unmounted below the root: to the directory that it happens in, that
 * is no event. For several threads.
 */
final class MountChanges {
  /** Tells the id of a directory that is watched. */
  interface Ids {
    Optional<EntryId> of(DirFd directory) throws IOException;
  }

  private final Bytes rootPath;
  private Set<Mount> known;

  /**
   * @param rootPath absolute and without links, as the kernel writes it
   */
  MountChanges(Bytes rootPath) throws IOException {
    this.rootPath = rootPath;
    this.known = Set.copyOf(Mounts.atOrBelow(rootPath));
  }

  /** What is mounted now is known from here on. */
  synchronized void refresh() throws IOException {
    known = Set.copyOf(Mounts.atOrBelow(rootPath));
  }

  /**
   * Compares with the last time.
   *
   * @param changed is called first if anything is different
   * @return where something was mounted or unmounted in a directory that is watched
   */
  synchronized Set<RelPath> check(Ids ids, Runnable changed) throws IOException {
    Set<Mount> before = known;
    refresh();
    if (known.equals(before)) {
      return Set.of();
    }
    changed.run();
    Set<RelPath> points = new HashSet<>();
    known.stream().filter(mount -> !before.contains(mount)).map(this::point).forEach(points::add);
    before.stream().filter(mount -> !known.contains(mount)).map(this::point).forEach(points::add);
    Set<RelPath> watched = new HashSet<>();
    for (RelPath point : points) {
      if (isWatched(point, ids)) {
        watched.add(point);
      }
    }
    return watched;
  }

  private boolean isWatched(RelPath point, Ids ids) throws IOException {
    if (point.isRoot()) {
      return true;
    }
    try (DirFd root = DirFd.openRoot(rootPath);
        DirFd parent = root.openDirectory(point.parent().orElse(RelPath.ROOT))) {
      // A directory that nobody knows is left out of the mirror, or will be listed when somebody
      // comes to it, mounts and all.
      return ids.of(parent).isPresent();
    } catch (LinuxException gone) {
      return true;
    }
  }

  private RelPath point(Mount mount) {
    byte[] outer = rootPath.array();
    byte[] inner = mount.point().array();
    int start = outer.length == 1 ? 1 : outer.length + 1;
    if (start >= inner.length) {
      return RelPath.ROOT;
    }
    try {
      return RelPath.parse(Bytes.wrap(Arrays.copyOfRange(inner, start, inner.length)));
    } catch (IllegalArgumentException noPath) {
      // A mount point that was removed under its mount is written with "//deleted" after it.
      return RelPath.ROOT;
    }
  }
}

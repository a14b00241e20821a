package org.hotspare.mirror;

import java.io.IOException;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Stat;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.tree.Timestamp;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.Excludes;

/**
 * The files of a standby's tree that are this node's own, because they are excluded from the
 * mirror. They stay in the tree when the primary deletes the directory that they lie in: in that
 * directory, or in the one that has its place then.
 */
final class OwnFiles {
  private final Excludes excludes;

  OwnFiles(Excludes excludes) {
    this.excludes = excludes;
  }

  /** Whether there may be any. */
  boolean mayExist() {
    return excludes.hasPatterns();
  }

  /**
   * Whether an entry is one itself.
   *
   * @param directory in which it lies
   */
  boolean is(RelPath directory, Name name, Stat stat) {
    return excludes.excludes(directory, name, stat.kind());
  }

  /**
   * Whether there are any below a name, if that is of a directory.
   *
   * @param path where it is in the tree, or was before it left it
   */
  boolean areIn(DirFd above, Name name, RelPath path) throws IOException {
    if (!mayExist()) {
      return false;
    }
    Stat stat = above.statIfPresent(name);
    return stat != null
        && stat.kind() == FileKind.DIRECTORY
        && Contents.holdsExcluded(above, name, path, excludes);
  }

  /**
   * Moves them out of one directory into another that has its place, with the directories between,
   * but nothing else. The times of directories stay.
   *
   * @return whether none stayed behind, for want of a free name there
   */
  boolean move(Places.Place from, Places.Place into, RelPath path) throws IOException {
    Stat there = into.directory().statIfPresent(into.name());
    if (there == null || there.kind() != FileKind.DIRECTORY) {
      return false;
    }
    boolean all = true;
    try (DirFd source = from.directory().openDirectory(from.name());
        DirFd target = into.directory().openDirectory(into.name())) {
      Timestamp modified = target.stat().modified();
      for (Name name : Kept.names(source)) {
        Stat stat = source.statIfPresent(name);
        if (stat != null) {
          all &= move(source, name, stat, target, path);
        }
      }
      target.setModified(modified);
    }
    return all;
  }

  private boolean move(DirFd from, Name name, Stat stat, DirFd into, RelPath path)
      throws IOException {
    if (is(path, name, stat)) {
      return moveWhole(from, name, into);
    }
    RelPath below = path.child(name);
    if (!areIn(from, name, below)) {
      return true;
    }
    if (into.statIfPresent(name) == null) {
      into.mkdir(name, 0700);
      FileMetadata.set(into, name, EntryReader.read(from, name, stat));
    }
    return move(new Places.Place(from, name), new Places.Place(into, name), below);
  }

  private static boolean moveWhole(DirFd from, Name name, DirFd into) throws IOException {
    try {
      from.renameNoReplace(name, into, name);
      return true;
    } catch (LinuxException e) {
      if (!e.is(Errno.EEXIST, Errno.EPERM, Errno.EACCES, Errno.EBUSY, Errno.EXDEV)) {
        throw e;
      }
      return false;
    }
  }
}

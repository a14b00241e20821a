package org.hotspare.watch;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.FileHandle;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Listed;
import org.hotspare.linux.Listing;
import org.hotspare.linux.Stat;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.tree.Timestamp;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a picture of a tree by looking only where a watcher says: whatever a watcher misses is
 * wrong in the picture. Knows inodes, as the index does, so that a look at one name counts for all
 * names of the inode.
 */
final class MiniScanner {
  private final Watcher watcher;
  private final DirFd root;
  private final Map<RelPath, Seen> picture = new TreeMap<>();
  private final Map<Inode, EntryId> ids = new HashMap<>();
  private final Map<EntryId, RelPath> paths = new HashMap<>();
  private long lastId = EntryId.ROOT.value();

  /** All marks that were polled, in order. */
  final List<Mark> marks = new ArrayList<>();

  /** With its handle, since ext4 gives the number of a deleted inode to the next one. */
  record Inode(long device, long inode, String handle) {}

  /** What of a stat no event-less read changes. */
  record Seen(
      Inode inode,
      FileKind kind,
      int permissions,
      int owner,
      long size,
      Timestamp modified,
      Timestamp changed) {
    static Seen of(Stat stat, FileHandle handle) {
      boolean directory = stat.kind() == FileKind.DIRECTORY;
      return new Seen(
          new Inode(stat.device(), stat.inode(), handle.toString()),
          stat.kind(),
          stat.permissions(),
          stat.owner(),
          directory ? 0 : stat.size(),
          stat.modified(),
          directory ? Timestamp.EPOCH : stat.changed());
    }

    Seen withoutChanged() {
      return new Seen(inode, kind, permissions, owner, size, modified, Timestamp.EPOCH);
    }
  }

  MiniScanner(Watcher watcher, DirFd root) throws IOException {
    this.watcher = watcher;
    this.root = root;
    scanAll();
  }

  Map<RelPath, Seen> picture() {
    return picture;
  }

  EntryId id(String path) {
    Seen seen = Objects.requireNonNull(picture.get(RelPath.of(path)), path);
    return Objects.requireNonNull(ids.get(seen.inode()), path);
  }

  /**
   * Where the picture is wrong.
   *
   * @param changed whether ctimes count; a name that was given to an inode and taken away again
   *     changes it, and nobody can tell which inode that was
   */
  List<String> differences(boolean changed) throws IOException {
    List<String> wrong = new ArrayList<>();
    Map<RelPath, Seen> truth = truth();
    Set<RelPath> all = new TreeSet<>(truth.keySet());
    all.addAll(picture.keySet());
    for (RelPath path : all) {
      Seen seen = picture.get(path);
      Seen is = truth.get(path);
      boolean same =
          seen != null
              && is != null
              && (changed ? seen.equals(is) : seen.withoutChanged().equals(is.withoutChanged()));
      if (!same) {
        wrong.add(path + " is " + is + ", was seen as " + seen);
      }
    }
    return wrong;
  }

  /** The tree as it is, by walking all of it. */
  Map<RelPath, Seen> truth() throws IOException {
    Map<RelPath, Seen> all = new TreeMap<>();
    List<RelPath> toList = new ArrayList<>(List.of(RelPath.ROOT));
    all.put(RelPath.ROOT, see(root));
    while (!toList.isEmpty()) {
      RelPath path = toList.removeLast();
      try (DirFd directory = root.openDirectory(path)) {
        for (Name name : names(directory)) {
          Seen seen = see(directory, name);
          if (seen != null) {
            all.put(path.child(name), seen);
            if (seen.kind() == FileKind.DIRECTORY) {
              toList.add(path.child(name));
            }
          }
        }
      }
    }
    return all;
  }

  /** Polls once and looks. */
  List<Mark> step(Duration timeout) throws IOException {
    List<Mark> polled = watcher.poll(timeout, 500);
    marks.addAll(polled);
    for (Mark mark : polled) {
      look(mark);
    }
    return polled;
  }

  /** Looks at all that happened before this was called. */
  void settle() throws IOException {
    long token = watcher.cookie();
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!watcher.passed(token)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the cookie " + token + " never passed; " + watcher.coverage());
      }
      step(Duration.ofMillis(100));
    }
  }

  private void look(Mark mark) throws IOException {
    switch (mark) {
      case Mark.Entry entry -> look(entry.directory(), entry.name());
      case Mark.Self self -> lookAgain(paths.get(self.directory()));
      case Mark.Listing listing -> list(listing.directory());
      case Mark.Subtree subtree -> scan(paths.get(subtree.directory()));
      case Mark.Moved moved -> {
        move(moved);
        look(moved.from(), moved.fromName());
        look(moved.to(), moved.toName());
      }
      case Mark.Everything _ -> scanAll();
    }
  }

  private void scanAll() throws IOException {
    picture.clear();
    ids.put(see(root).inode(), EntryId.ROOT);
    scan(RelPath.ROOT);
  }

  /** Watches first, then lists, then the same below. */
  private void scan(@Nullable RelPath path) throws IOException {
    if (path == null) {
      return;
    }
    try (DirFd directory = root.openDirectory(path)) {
      Inode inode = see(directory).inode();
      EntryId id = ids.computeIfAbsent(inode, _ -> new EntryId(++lastId));
      paths.put(id, path);
      watcher.watch(id, directory);
      removeBelow(path);
      picture.put(path, see(directory));
      for (Name name : names(directory)) {
        Seen seen = see(directory, name);
        if (seen != null) {
          picture.put(path.child(name), seen);
          if (seen.kind() == FileKind.DIRECTORY) {
            scan(path.child(name));
          }
        }
      }
    } catch (LinuxException gone) {
      ifGone(gone);
    }
  }

  private void list(EntryId id) throws IOException {
    RelPath path = paths.get(id);
    if (path == null) {
      return;
    }
    Set<Name> names = new HashSet<>();
    try (DirFd directory = root.openDirectory(path)) {
      watcher.watch(id, directory);
      names.addAll(names(directory));
    } catch (LinuxException gone) {
      ifGone(gone);
    }
    picture.keySet().stream()
        .filter(child -> child.parent().map(path::equals).orElse(false))
        .forEach(child -> names.add(child.name().orElseThrow()));
    for (Name name : names) {
      look(id, name);
    }
    lookAgain(path);
  }

  private void move(Mark.Moved moved) throws IOException {
    RelPath from = paths.get(moved.from());
    RelPath to = paths.get(moved.to());
    if (from == null || to == null) {
      return;
    }
    RelPath old = from.child(moved.fromName());
    RelPath now = to.child(moved.toName());
    Seen seen = picture.get(old);
    EntryId id = seen == null ? null : ids.get(seen.inode());
    // Hints may be late: only what lies there as the picture has it is moved within the picture.
    Seen there = see(now);
    if (seen == null || id == null || there == null || !there.inode().equals(seen.inode())) {
      return;
    }
    removeBelow(now);
    Map<RelPath, Seen> subtree = new TreeMap<>();
    picture.forEach(
        (path, value) -> {
          if (path.startsWith(old)) {
            subtree.put(path, value);
          }
        });
    subtree.forEach(
        (path, value) -> {
          picture.remove(path);
          List<Name> names = new ArrayList<>(now.names());
          names.addAll(path.names().subList(old.depth(), path.depth()));
          RelPath moved2 = RelPath.of(names);
          picture.put(moved2, value);
          EntryId below = ids.get(value.inode());
          if (below != null) {
            paths.put(below, moved2);
          }
        });
  }

  private void look(EntryId directory, Name name) throws IOException {
    RelPath parent = paths.get(directory);
    if (parent == null) {
      return;
    }
    RelPath path = parent.child(name);
    Seen before = picture.get(path);
    Seen seen = see(path);
    // An inode that lost a name with a whole directory may have others.
    Set<Inode> below = new HashSet<>();
    picture.forEach(
        (other, known) -> {
          if (other.startsWith(path)) {
            below.add(known.inode());
          }
        });
    if (seen == null) {
      removeBelow(path);
    } else if (seen.kind() != FileKind.DIRECTORY) {
      removeBelow(path);
      picture.put(path, seen);
      lookAtAllNames(seen.inode());
    } else if (before == null || !before.inode().equals(seen.inode())) {
      scan(path);
    } else {
      picture.put(path, seen);
    }
    if (!picture.containsKey(path) || !Objects.equals(before, picture.get(path))) {
      for (Inode inode : below) {
        lookAtAllNames(inode);
      }
    }
    lookAgain(parent);
  }

  private void lookAtAllNames(Inode inode) throws IOException {
    List<RelPath> names = new ArrayList<>();
    picture.forEach(
        (path, seen) -> {
          if (seen.inode().equals(inode)) {
            names.add(path);
          }
        });
    for (RelPath name : names) {
      lookAgain(name);
    }
  }

  private void lookAgain(@Nullable RelPath path) throws IOException {
    Seen before = path == null ? null : picture.get(path);
    if (path == null || before == null) {
      return;
    }
    Seen seen = see(path);
    // A name that means another inode by now has, or will have, an event of its own.
    if (seen != null && seen.inode().equals(before.inode())) {
      picture.put(path, seen);
    }
  }

  private @Nullable Seen see(RelPath path) throws IOException {
    try (DirFd parent = root.openDirectory(path.parent().orElse(RelPath.ROOT))) {
      Name name = path.name().orElse(null);
      return name == null ? see(parent) : see(parent, name);
    } catch (LinuxException gone) {
      return ifGone(gone);
    }
  }

  private static Seen see(DirFd directory) throws IOException {
    return Seen.of(directory.stat(), directory.handle());
  }

  private static @Nullable Seen see(DirFd directory, Name name) throws IOException {
    try {
      Stat stat = directory.stat(name);
      return Seen.of(stat, directory.handle(name));
    } catch (LinuxException gone) {
      return ifGone(gone);
    }
  }

  private static @Nullable Seen ifGone(LinuxException failure) throws LinuxException {
    if (failure.is(Errno.ENOENT, Errno.ENOTDIR, Errno.ESTALE)) {
      return null;
    }
    throw failure;
  }

  private void removeBelow(RelPath path) {
    Set<RelPath> gone = new HashSet<>();
    picture.forEach(
        (other, seen) -> {
          if (other.startsWith(path)) {
            gone.add(other);
            EntryId id = ids.get(seen.inode());
            RelPath known = id == null ? null : paths.get(id);
            if (id != null && known != null && known.equals(other) && !other.equals(path)) {
              paths.remove(id);
              ids.remove(seen.inode());
              watcher.forget(id);
            }
          }
        });
    gone.forEach(picture::remove);
  }

  private static List<Name> names(DirFd directory) throws IOException {
    List<Name> names = new ArrayList<>();
    try (Listing listing = directory.list()) {
      for (Listed next = listing.next(); next != null; next = listing.next()) {
        names.add(next.name());
      }
    }
    return names;
  }
}

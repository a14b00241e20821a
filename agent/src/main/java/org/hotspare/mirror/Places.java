package org.hotspare.mirror;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.Local;
import org.hotspare.index.NameRow;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Listing;
import org.hotspare.linux.Stat;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.jspecify.annotations.Nullable;

/**
 * Finds the directories of a standby's tree by id, in the tree or in limbo. A directory is opened
 * beneath the root or beneath limbo and through no link. Owned by the applying thread.
 */
final class Places implements AutoCloseable {
  private static final int CAPACITY = 256;
  private static final int DEEPEST = 4096;

  private final Workplace work;
  private final Map<EntryId, DirFd> open = new LinkedHashMap<>(CAPACITY, 0.75f, true);

  Places(Workplace work) {
    this.work = work;
  }

  /** Where an entry is: a name in an open directory. */
  record Place(DirFd directory, Name name) {
    /** Whether what lies there is the inode that this index put there. */
    boolean holds(@Nullable Inode inode) throws IOException {
      Stat stat = directory.statIfPresent(name);
      return stat != null && inode != null && EntryReader.isSame(inode.local(), stat);
    }

    /** Whether the directory that lies there has nothing in it. */
    boolean isEmptyDirectory() throws IOException {
      try (DirFd inside = directory.openDirectory(name);
          Listing listing = inside.list()) {
        return listing.next() == null;
      }
    }
  }

  static boolean isDirectory(IndexReader index, EntryId id) {
    return index.inode(id).map(i -> i.entry().kind() == FileKind.DIRECTORY).orElse(false);
  }

  /**
   * The directory, or null where nothing is at its place, or another one, which somebody else put
   * there: then it is noted as {@link OutOfReach} if it was here before.
   */
  @Nullable DirFd directory(IndexWriter index, EntryId id) throws IOException {
    if (id.equals(EntryId.ROOT)) {
      return work.root();
    }
    DirFd known = open.get(id);
    if (known != null) {
      return known;
    }
    Deque<Name> names = new ArrayDeque<>();
    EntryId at = id;
    while (!at.equals(EntryId.ROOT) && names.size() < DEEPEST) {
      List<NameRow> rows = index.namesOf(at);
      if (rows.isEmpty()) {
        return remember(index, id, open(work.limbo(), Workplace.nameOf(at), names));
      }
      names.push(rows.getFirst().name());
      at = rows.getFirst().parent();
    }
    return remember(index, id, open(work.root(), null, names));
  }

  private static @Nullable DirFd open(DirFd start, @Nullable Name first, Deque<Name> names)
      throws IOException {
    List<Name> path = new ArrayList<>(names);
    if (first != null) {
      path.addFirst(first);
    }
    try {
      return start.openDirectory(RelPath.of(path));
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP, Errno.EXDEV)) {
        return null;
      }
      throw e;
    }
  }

  private @Nullable DirFd remember(IndexWriter index, EntryId id, @Nullable DirFd directory)
      throws IOException {
    Local expected = index.inode(id).map(Inode::local).orElse(null);
    if (directory == null || !EntryReader.isSame(expected, directory.stat())) {
      if (directory != null) {
        directory.close();
      }
      if (expected != null && isDirectory(index, id)) {
        OutOfReach.add(index, id);
      }
      return null;
    }
    if (open.size() >= CAPACITY) {
      var eldest = open.entrySet().iterator();
      eldest.next().getValue().close();
      eldest.remove();
    }
    open.put(id, directory);
    return directory;
  }

  /**
   * One of the places of an entry: any of its names, or limbo; null where its directory is not
   * there.
   */
  @Nullable Place of(IndexWriter index, EntryId id) throws IOException {
    List<NameRow> names = index.namesOf(id);
    if (names.isEmpty()) {
      return new Place(work.limbo(), Workplace.nameOf(id));
    }
    NameRow row = names.getFirst();
    DirFd parent = directory(index, row.parent());
    return parent == null ? null : new Place(parent, row.name());
  }

  /** Forgets a directory that is about to be removed or to leave the tree. */
  void forget(EntryId id) {
    DirFd known = open.remove(id);
    if (known != null) {
      known.close();
    }
  }

  @Override
  public void close() {
    open.values().forEach(DirFd::close);
    open.clear();
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.hotspare.delta.Signature;
import org.hotspare.index.Child;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.Local;
import org.hotspare.index.NameRow;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Change;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.Excludes;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Row;
import org.jspecify.annotations.Nullable;

/**
 * Brings a tree that its index does not explain (or not any more) in line with the primary's, by
 * path: everything that is equal already is taken over without being sent, the rest is counted
 * first and kept aside then. The primary's rows come without content and become a new index; what
 * is missing at the end is asked for like drift.
 */
final class Inventory implements AutoCloseable {
  private final MirrorRoot root;
  private final Excludes excludes;
  private final Path file;
  private final Index fresh;
  private final Pace pace;

  /**
   * What it would do to the tree as it is.
   *
   * @param entries how many the primary has
   * @param equal how many are here already
   * @param replaced how many differ here
   * @param extra how many only this node has
   */
  record Verdict(long entries, long equal, long replaced, long extra) {
    boolean isHarmless() {
      return replaced == 0 && extra == 0;
    }

    /** What became of it. */
    String kept() {
      return ("of the entries here %,d differed from the primary's and %,d were on this node only:"
              + " they are kept in the work directory")
          .formatted(replaced, extra);
    }

    String question() {
      return "would replace %,d and delete %,d of the entries here; the primary has %,d"
          .formatted(replaced, extra, entries);
    }
  }

  Inventory(MirrorRoot root, Excludes excludes, Path file, Pace pace) throws IOException {
    this.pace = pace;
    this.root = root;
    this.excludes = excludes;
    this.file = file;
    for (String suffix : List.of("", "-wal", "-shm")) {
      Files.deleteIfExists(Path.of(file + suffix));
    }
    this.fresh = Index.open(file);
  }

  /** Takes rows of the primary's index. */
  void rows(Frame.Rows frame) {
    fresh.update(Durability.FAST, w -> frame.rows().forEach(row -> put(w, row)));
  }

  private static void put(IndexWriter w, Row row) {
    switch (row.change()) {
      case Change.InodeSet set ->
          w.put(new Inode(set.id(), set.version(), set.version(), set.entry(), null));
      case Change.NameSet set ->
          w.putName(new NameRow(set.parent(), set.name(), set.id(), set.version()));
      case Change.InodeGone gone -> {}
      case Change.NameGone gone -> {}
    }
  }

  /**
   * Compares the tree with the primary's rows and remembers what is equal. Changes nothing in the
   * tree.
   */
  Verdict compare() throws IOException {
    Walk walk = new Walk(null);
    walk.run();
    try (Snapshot snapshot = fresh.snapshot()) {
      return new Verdict(snapshot.counts().entries(), walk.equal, walk.replaced, walk.extra);
    }
  }

  /**
   * Keeps aside what differs, and gives what is equal its metadata.
   *
   * @param reason why it is kept, which says how long
   */
  void perform(KeptRecord.Reason reason) throws IOException {
    new Walk(reason).run();
  }

  /**
   * Makes the new index that of the mirror.
   *
   * @param old the index so far; it is closed
   */
  void replace(Index old, Path oldFile, StandbyState state, Frame.CutBegin cut) throws IOException {
    List<IndexReader.Note> kept;
    try (Snapshot snapshot = old.snapshot()) {
      kept = snapshot.notes(Kept.TABLE);
    }
    fresh.update(
        Durability.DURABLE,
        w -> {
          keepOn(w, kept);
          state.arrived(w, cut);
        });
    fresh.close();
    old.close();
    for (String suffix : List.of("-wal", "-shm")) {
      Files.deleteIfExists(Path.of(oldFile + suffix));
    }
    Files.move(file, oldFile, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
  }

  /** What was kept stays so, but for links to files that are in their place by another name. */
  private void keepOn(IndexWriter w, List<IndexReader.Note> kept) {
    kept.forEach(note -> w.putNote(Kept.TABLE, note.key(), note.value()));
    try (Workplace work = Workplace.enter(root)) {
      for (IndexReader.Note note : w.notes(Kept.TABLE)) {
        Name file = KeptRecord.decode(note.value()).file();
        Stat stat = file == null ? null : work.kept().statIfPresent(file);
        boolean inPlace =
            stat != null
                && stat.kind() != FileKind.DIRECTORY
                && w.inodeAt(stat.device(), stat.inode())
                    .filter(inode -> EntryReader.isSame(inode.local(), stat))
                    .isPresent();
        if (file != null && inPlace) {
          work.kept().unlink(file);
          w.putNote(Kept.TABLE, note.key(), null);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    fresh.close();
  }

  /** One walk along the tree and the primary's rows. */
  private final class Walk {
    private final KeptRecord.@Nullable Reason reason;
    private final boolean performing;
    long equal;
    long replaced;
    long extra;

    /**
     * @param reason null to count only
     */
    Walk(KeptRecord.@Nullable Reason reason) {
      this.reason = reason;
      this.performing = reason != null;
    }

    void run() throws IOException {
      try (Workplace work = Workplace.enter(root)) {
        fresh.update(Durability.FAST, w -> start(w, work));
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }

    private void start(IndexWriter w, Workplace work) {
      try {
        directory(w, work, EntryId.ROOT, work.root(), RelPath.ROOT);
        Stat stat = work.root().stat();
        Inode desired = w.inode(EntryId.ROOT).orElse(null);
        if (desired != null && performing) {
          FileMetadata.setSelf(work.root(), desired.entry().metadata());
          stat = work.root().stat();
        }
        w.putLocal(EntryId.ROOT, EntryReader.local(stat, true));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void directory(IndexWriter w, Workplace work, EntryId id, DirFd at, RelPath path)
        throws IOException {
      Map<Name, Child> children = new TreeMap<>();
      for (Child child : w.children(id)) {
        children.put(child.name(), child);
      }
      for (Name name : Kept.names(at)) {
        Stat stat = at.statIfPresent(name);
        if (stat == null || excludes.excludes(path, name, stat.kind())) {
          continue;
        }
        Child child = children.get(name);
        // Read anew: another of its names may have been compared since.
        Inode desired = child == null ? null : w.inode(child.inode().id()).orElse(null);
        if (desired == null) {
          extra(w, work, id, at, path, name, stat);
        } else if (isEqual(w, desired, at, name, stat)) {
          equal(w, work, desired, at, path, name, stat);
        } else {
          replaced(w, work, id, at, name, stat);
        }
      }
    }

    private void extra(
        IndexWriter w, Workplace work, EntryId id, DirFd at, RelPath path, Name name, Stat stat)
        throws IOException {
      boolean directory = stat.kind() == FileKind.DIRECTORY;
      if (directory && Contents.holdsExcluded(at, name, path.child(name), excludes)) {
        return;
      }
      extra += count(at, name, stat);
      keep(w, work, id, at, name);
    }

    private void replaced(IndexWriter w, Workplace work, EntryId id, DirFd at, Name name, Stat stat)
        throws IOException {
      replaced += count(at, name, stat);
      keep(w, work, id, at, name);
    }

    private void keep(IndexWriter w, Workplace work, EntryId id, DirFd at, Name name)
        throws IOException {
      if (reason != null) {
        Kept.take(w, work, reason, at, name, Origin.of(w, id, name), null);
      }
    }

    private long count(DirFd at, Name name, Stat stat) throws IOException {
      if (stat.kind() != FileKind.DIRECTORY) {
        return 1;
      }
      long count = 1;
      try (DirFd inside = at.openDirectory(name)) {
        for (Name child : Kept.names(inside)) {
          Stat below = inside.statIfPresent(child);
          count += below == null ? 0 : count(inside, child, below);
        }
      }
      return count;
    }

    private boolean isEqual(IndexWriter w, Inode desired, DirFd at, Name name, Stat stat)
        throws IOException {
      if (desired.entry().kind() != stat.kind()) {
        return false;
      }
      Local before = desired.local();
      if (before != null && !EntryReader.isSame(before, stat)) {
        return false;
      }
      if (before != null && before.changed().equals(stat.changed())) {
        // Compared before, by this or by another of its names, and untouched since: an operator may
        // have taken hours to answer.
        return true;
      }
      return switch (desired.entry()) {
        case Entry.Directory directory -> true;
        case Entry.SymbolicLink link -> link.target().equals(at.readLink(name));
        case Entry.SpecialFile special ->
            special.major() == stat.rdevMajor() && special.minor() == stat.rdevMinor();
        case Entry.RegularFile regular -> isEqual(w, desired.id(), regular, at, name, stat);
      };
    }

    private boolean isEqual(
        IndexWriter w, EntryId id, Entry.RegularFile regular, DirFd at, Name name, Stat stat)
        throws IOException {
      if (regular.size() != stat.size()) {
        return false;
      }
      pace.step();
      Signature found = Contents.signature(at, name);
      if (!found.root().equals(regular.digest())) {
        return false;
      }
      w.putSignature(id, found.blocks() > 1 ? found.toBytes() : null);
      return true;
    }

    private void equal(
        IndexWriter w, Workplace work, Inode desired, DirFd at, RelPath path, Name name, Stat stat)
        throws IOException {
      equal++;
      if (stat.kind() == FileKind.DIRECTORY) {
        try (DirFd inside = at.openDirectory(name)) {
          directory(w, work, desired.id(), inside, path.child(name));
        }
      }
      Local local = EntryReader.local(stat, true);
      if (performing && FileMetadata.setIfSame(at, name, local, desired.entry()).isPresent()) {
        Stat now = at.statIfPresent(name);
        local = now == null ? local : EntryReader.local(now, true);
      }
      w.putLocal(desired.id(), local);
    }
  }
}

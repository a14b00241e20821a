package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Listed;
import org.hotspare.linux.Listing;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what leaves a standby's tree, by renaming it into the work directory, so that a mistake can
 * be undone. What the primary replaced or deleted is kept for a minute, or for as long as the guard
 * looks back; what only this node had, for good.
 */
final class Kept {
  static final String TABLE = "kept";
  private static final Duration KEEP = Duration.ofSeconds(60);

  private static final AtomicLong LAST = new AtomicLong();

  private Kept() {}

  /** How long what left is kept, where the guard looks back as long as this. */
  static long millis(long guardWindowMillis) {
    return Math.max(KEEP.toMillis(), guardWindowMillis);
  }

  /** A record with the key under which it is stored; later records have greater keys. */
  record Stored(Bytes key, KeptRecord record) {}

  /**
   * A number that rises with time and is never given twice, also not by a clock that was set back.
   */
  static long nextKey() {
    long now = System.currentTimeMillis() << 20;
    return LAST.updateAndGet(last -> Math.max(last + 1, now));
  }

  /** Takes the entry at a place out of the tree. It is the last name that the entry has there. */
  static void take(
      IndexWriter index,
      Workplace work,
      KeptRecord.Reason reason,
      DirFd directory,
      Name name,
      Origin origin,
      @Nullable Inode inode)
      throws IOException {
    long key = nextKey();
    Name file = Name.of(Long.toHexString(key));
    directory.rename(name, work.kept(), file);
    record(index, key, reason, file, origin, inode);
  }

  /** Keeps a second link to a file that is about to be replaced by a rename over its name. */
  static void link(
      IndexWriter index,
      Workplace work,
      KeptRecord.Reason reason,
      DirFd directory,
      Name name,
      Origin origin,
      @Nullable Inode inode)
      throws IOException {
    long key = nextKey();
    Name file = Name.of(Long.toHexString(key));
    directory.link(name, work.kept(), file);
    record(index, key, reason, file, origin, inode);
  }

  /** Notes a file that lies in the directory of what is kept already, without a record. */
  static void adopt(IndexWriter index, KeptRecord.Reason reason, Name file, @Nullable Inode inode) {
    record(index, nextKey(), reason, file, Origin.of(index, EntryId.ROOT, file), inode);
  }

  /** Notes that a further name of a file was removed. */
  static void unlinked(IndexWriter index, Origin origin, Inode inode) {
    record(index, nextKey(), KeptRecord.Reason.DELETED, null, origin, inode);
  }

  private static void record(
      IndexWriter index,
      long key,
      KeptRecord.Reason reason,
      @Nullable Name file,
      Origin origin,
      @Nullable Inode inode) {
    Digest digest =
        inode != null && inode.entry() instanceof Entry.RegularFile regular
            ? regular.digest()
            : null;
    long layout =
        inode != null && inode.entry() instanceof Entry.RegularFile regular ? regular.layout() : 0;
    KeptRecord record =
        new KeptRecord(
            reason,
            System.currentTimeMillis(),
            file,
            inode == null ? EntryId.ROOT : inode.id(),
            origin,
            inode == null ? Position.NONE : inode.version(),
            inode == null ? Position.NONE : inode.born(),
            digest,
            layout);
    index.putNote(TABLE, keyBytes(key), record.encode());
  }

  private static Bytes keyBytes(long key) {
    return Bytes.wrap(ByteBuffer.allocate(8).putLong(key).array());
  }

  /** All records, oldest first. */
  static List<Stored> all(IndexReader index) throws IOException {
    List<Stored> all = new ArrayList<>();
    for (IndexReader.Note note : index.notes(TABLE)) {
      all.add(new Stored(note.key(), KeptRecord.decode(note.value())));
    }
    all.sort(Comparator.comparing(Stored::key));
    return all;
  }

  /** What was kept for this reason is a version like any other from now on, and ages as they do. */
  static void letGo(IndexWriter index, KeptRecord.Reason reason) throws IOException {
    for (Stored stored : all(index)) {
      KeptRecord record = stored.record();
      if (record.reason() == reason) {
        index.putNote(TABLE, stored.key(), record.asReplaced(System.currentTimeMillis()).encode());
      }
    }
  }

  /** Removes what was kept long enough. Answers how many records. */
  static int prune(IndexWriter index, Workplace work, long nowMillis, long keepMillis)
      throws IOException {
    int pruned = 0;
    for (Stored stored : all(index)) {
      KeptRecord record = stored.record();
      boolean old = nowMillis - record.millis() > keepMillis;
      if (!old || !record.reason().ages()) {
        continue;
      }
      Name file = record.file();
      if (file != null) {
        removeAll(work.kept(), file);
      }
      index.putNote(TABLE, stored.key(), null);
      pruned++;
    }
    return pruned;
  }

  /** Removes a file, or a directory with all that is in it. */
  static void removeAll(DirFd directory, Name name) throws IOException {
    org.hotspare.linux.Stat stat = directory.statIfPresent(name);
    if (stat == null) {
      return;
    }
    if (stat.kind() != FileKind.DIRECTORY) {
      directory.unlink(name);
      return;
    }
    try {
      directory.rmdir(name);
      return;
    } catch (LinuxException e) {
      if (!e.is(Errno.ENOTEMPTY, Errno.EEXIST)) {
        throw e;
      }
    }
    try (DirFd inside = directory.openDirectory(name)) {
      for (Name child : names(inside)) {
        removeAll(inside, child);
      }
    }
    directory.rmdir(name);
  }

  static List<Name> names(DirFd directory) throws IOException {
    List<Name> names = new ArrayList<>();
    try (Listing listing = directory.list()) {
      for (Listed listed = listing.next(); listed != null; listed = listing.next()) {
        names.add(listed.name());
      }
    }
    return names;
  }
}

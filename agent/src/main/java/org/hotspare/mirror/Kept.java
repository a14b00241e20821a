package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Listed;
import org.hotspare.linux.Listing;
import org.hotspare.linux.Stat;
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

  /**
   * Removes what was kept long enough. Answers what refused to go, by the key of its record: that
   * stays, to be tried again.
   */
  static Map<Bytes, LinuxException> prune(
      IndexWriter index, Workplace work, long nowMillis, long keepMillis) throws IOException {
    Map<Bytes, LinuxException> refused = new LinkedHashMap<>();
    for (Stored stored : all(index)) {
      KeptRecord record = stored.record();
      boolean old = nowMillis - record.millis() > keepMillis;
      if (!old || !record.reason().ages()) {
        continue;
      }
      Name file = record.file();
      LinuxException refusal = file == null ? null : removeWhatGoes(work.kept(), file);
      if (refusal == null) {
        index.putNote(TABLE, stored.key(), null);
      } else {
        refused.put(stored.key(), refusal);
      }
    }
    return refused;
  }

  /**
   * Removes a file, or a directory with all that is in it, but never enters what is mounted in it.
   * Where entries refuse to go, all others are removed all the same.
   *
   * @throws LinuxException of the first that refused: see {@link #isRefusal}
   */
  static void removeAll(DirFd directory, Name name) throws IOException {
    LinuxException refusal = removeWhatGoes(directory, name);
    if (refusal != null) {
      throw refusal;
    }
  }

  /**
   * Whether an entry could not be removed for a reason of its own, such as that it is immutable or
   * that something is mounted there, while the filesystem works.
   */
  private static boolean isRefusal(LinuxException e) {
    return e.is(Errno.EPERM, Errno.EACCES, Errno.EBUSY, Errno.EXDEV, Errno.ENOTEMPTY, Errno.EEXIST);
  }

  /** Answers the first refusal; null where all is gone. */
  private static @Nullable LinuxException removeWhatGoes(DirFd directory, Name name)
      throws IOException {
    Stat stat = directory.statIfPresent(name);
    return stat == null ? null : removeWhatGoes(directory, name, stat.kind());
  }

  private static @Nullable LinuxException removeWhatGoes(DirFd directory, Name name, FileKind kind)
      throws IOException {
    try {
      if (kind != FileKind.DIRECTORY) {
        directory.unlink(name);
        return null;
      }
      if (wasEmpty(directory, name)) {
        return null;
      }
      LinuxException refusal = null;
      // It may have become a mount point this moment.
      try (DirFd inside = directory.openDirectoryOfSameMount(name)) {
        for (Listed child : listed(inside)) {
          // The directory knows what it has; to look at a mount point may wait for a dead server.
          FileKind listed = child.kind();
          FileKind actual = listed == null ? inside.stat(child.name()).kind() : listed;
          LinuxException refused = removeWhatGoes(inside, child.name(), actual);
          refusal = refusal == null ? refused : refusal;
        }
      }
      if (refusal == null) {
        directory.rmdir(name);
      }
      return refusal;
    } catch (LinuxException e) {
      if (isRefusal(e)) {
        return e;
      }
      throw e;
    }
  }

  /** Removes the directory if it is. */
  private static boolean wasEmpty(DirFd directory, Name name) throws LinuxException {
    try {
      directory.rmdir(name);
      return true;
    } catch (LinuxException e) {
      if (e.is(Errno.ENOTEMPTY, Errno.EEXIST)) {
        return false;
      }
      throw e;
    }
  }

  static List<Name> names(DirFd directory) throws IOException {
    return listed(directory).stream().map(Listed::name).toList();
  }

  private static List<Listed> listed(DirFd directory) throws IOException {
    List<Listed> all = new ArrayList<>();
    try (Listing listing = directory.list()) {
      for (Listed listed = listing.next(); listed != null; listed = listing.next()) {
        all.add(listed);
      }
    }
    return all;
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.NameRow;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops a standby before it repeats a mass deletion: when more than so many entries, and more than
 * that share of all, go within the window, what went in it is brought back and further deletions
 * are held until somebody says what they were. Owned by the applying thread; approvals come from
 * others.
 *
 * <p>What went lately is known by the records of what was kept; memory has only their number, and
 * which batch of the index it is of. After a restart, or where a batch was lost with its
 * transaction, the index is of another one, and they are counted anew.
 */
final class Guard {
  private static final Logger LOG = LoggerFactory.getLogger(Guard.class);
  private static final String IN_FLIGHT = "in-flight";

  /** How far deletions were counted in the index. */
  private static final String COUNTED = "deletions-counted";

  private volatile Allowed allowed;

  private final Deque<Deleted> recent = new ArrayDeque<>();
  private long recentCount;
  private volatile long approvedUntilMillis;

  /** What {@link #recent} is of; null while nothing was counted. */
  private @Nullable Counted counted;

  /** Whether the deletions of the batch that is being put in place were approved before. */
  private boolean approving;

  private record Deleted(long millis, long count) {}

  /**
   * The batch that was counted last.
   *
   * @param settledMillis deletions up to then were approved, or are held
   */
  private record Counted(long settledMillis, long batch) {
    static final Counted NONE = new Counted(0, 0);

    static Counted in(IndexReader index) {
      return index.fact(COUNTED).map(Counted::decode).orElse(NONE);
    }

    private static Counted decode(Bytes stored) {
      ByteBuffer in = ByteBuffer.wrap(stored.array());
      return new Counted(in.getLong(), in.getLong());
    }

    Bytes encode() {
      ByteBuffer out = ByteBuffer.allocate(16).putLong(settledMillis).putLong(batch);
      return Bytes.wrap(out.array());
    }
  }

  /**
   * What goes through without asking: up to either of both within the window.
   *
   * @param share of all entries, 0 to 1
   */
  record Allowed(long deletions, double share, long windowMillis) {}

  Guard(Allowed allowed) {
    this.allowed = allowed;
  }

  /** From the next batch on. Any thread. */
  void allow(Allowed next) {
    allowed = next;
  }

  /** How far back deletions count. */
  long windowMillis() {
    return allowed.windowMillis;
  }

  /** Deletions of the next while were meant. */
  void approve(long forMillis) {
    approvedUntilMillis = System.currentTimeMillis() + forMillis;
  }

  /** Before a batch is applied: holds, if its deletions are too many. */
  void check(IndexWriter index, Workplace work, List<Change> batch) throws IOException {
    Allowed limits = allowed;
    long now = System.currentTimeMillis();
    approving = false;
    long going = deletions(index, batch);
    if (going == 0 || Holding.isOn(index)) {
      return;
    }
    Counted earlier = Counted.in(index);
    if (now <= approvedUntilMillis) {
      settled(index, now, earlier);
      approving = true;
      return;
    }
    if (!earlier.equals(counted)) {
      countAnew(index, Math.max(now - limits.windowMillis, earlier.settledMillis + 1));
    }
    while (!recent.isEmpty() && now - recent.getFirst().millis() > limits.windowMillis) {
      recentCount -= recent.removeFirst().count();
    }
    long before = index.counts().entries() + recentCount;
    count(now, going);
    counted(index, new Counted(earlier.settledMillis, earlier.batch + 1));
    boolean many = recentCount > limits.deletions && recentCount > limits.share * before;
    if (many) {
      // Of a file with several names the first ones went before anything counted as deleted.
      int restored =
          Undo.since(index, work, Math.max(now - limits.windowMillis, earlier.settledMillis + 1));
      String why =
          "the primary deleted %d of %d entries within %d s"
              .formatted(recentCount, before, limits.windowMillis / 1000);
      Holding.start(index, why);
      settled(index, now, earlier);
      LOG.warn("deletions are held: {}; {} that were already made here are undone", why, restored);
    }
  }

  /** Whether so many deletions at once, of so many entries, are to be asked about. */
  boolean isTooMany(long going, long entries) {
    Allowed limits = allowed;
    return going > limits.deletions
        && going > limits.share * entries
        && System.currentTimeMillis() > approvedUntilMillis;
  }

  /** What was held was approved and is deleted: nobody is asked about it again. */
  void settle(IndexWriter index) {
    settled(index, System.currentTimeMillis(), Counted.in(index));
  }

  /** What was deleted so far is not asked about any more. */
  private void settled(IndexWriter index, long nowMillis, Counted earlier) {
    recent.clear();
    recentCount = 0;
    counted(index, new Counted(nowMillis, earlier.batch + 1));
  }

  private void counted(IndexWriter index, Counted now) {
    counted = now;
    index.putFact(COUNTED, now.encode());
  }

  private void count(long millis, long deletions) {
    recent.add(new Deleted(millis, deletions));
    recentCount += deletions;
  }

  private void countAnew(IndexReader index, long sinceMillis) throws IOException {
    recent.clear();
    recentCount = 0;
    for (Kept.Stored stored : Kept.all(index)) {
      KeptRecord record = stored.record();
      // A record without a file is of a further name.
      boolean counts = record.reason() == KeptRecord.Reason.DELETED && record.file() != null;
      if (counts && record.millis() >= sinceMillis) {
        count(record.millis(), 1);
      }
    }
  }

  /**
   * How many entries go without another taking their place: a file that is replaced by a rename
   * over its name, as editors and deployments do, is none.
   */
  private static long deletions(IndexReader index, List<Change> batch) {
    Set<NamePlace> taken = new HashSet<>();
    List<EntryId> gone = new ArrayList<>();
    for (Change change : batch) {
      switch (change) {
        case Change.NameSet set -> taken.add(new NamePlace(set.parent(), set.name()));
        case Change.InodeGone entry -> gone.add(entry.id());
        case Change.InodeSet set -> {}
        case Change.NameGone name -> {}
      }
    }
    return gone.stream().filter(id -> !isReplaced(index, id, taken)).count();
  }

  private record NamePlace(EntryId parent, Name name) {}

  private static boolean isReplaced(IndexReader index, EntryId id, Set<NamePlace> taken) {
    // What was refused counted when it was tried first.
    if (index.inode(id).isEmpty() || Shortfalls.isUndeleted(index, id)) {
      return true;
    }
    List<NameRow> names = index.namesOf(id);
    if (!names.isEmpty()) {
      return names.stream()
          .allMatch(name -> taken.contains(new NamePlace(name.parent(), name.name())));
    }
    Origin old = Removals.origin(index, id);
    return old != null && index.name(old.parent(), old.name()).isPresent();
  }

  // ---- what is being put in place

  /**
   * Remembers which names a batch touches: after a crash they are not taken for changes of somebody
   * else.
   */
  void noteInFlight(IndexWriter index, List<Change> batch) {
    noteEntriesInFlight(index, batch.stream().map(Guard::touched).toList());
  }

  private static EntryId touched(Change change) {
    return switch (change) {
      case Change.InodeSet set -> set.id();
      case Change.NameSet set -> set.id();
      case Change.InodeGone gone -> gone.id();
      case Change.NameGone gone -> gone.parent();
    };
  }

  /** The same for what is done with entries without rows of the primary. */
  void noteEntriesInFlight(IndexWriter index, Collection<EntryId> ids) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * ids.size());
    ids.forEach(id -> bytes.putLong(id.value()));
    index.putFact(IN_FLIGHT, Bytes.wrap(bytes.array()));
  }

  /** All of the batch is in place. */
  void forgetInFlight(IndexWriter index) {
    if (approving) {
      // What it took out was recorded since it was looked at.
      settled(index, System.currentTimeMillis(), Counted.in(index));
    }
    forgetBatch(index);
  }

  /** Whatever was half done of it is taken back. */
  static void forgetBatch(IndexWriter index) {
    index.putFact(IN_FLIGHT, null);
  }

  /** This node becomes primary: its deletions are its own. */
  static void forget(IndexWriter index) {
    forgetBatch(index);
    index.putFact(COUNTED, null);
  }

  /** The entries that a batch touched which was under way when this node stopped. */
  static Set<EntryId> inFlight(IndexReader index) {
    Set<EntryId> ids = new HashSet<>();
    index
        .fact(IN_FLIGHT)
        .ifPresent(
            stored -> {
              ByteBuffer in = ByteBuffer.wrap(stored.array());
              while (in.remaining() >= 8) {
                ids.add(new EntryId(in.getLong()));
              }
            });
    return ids;
  }
}

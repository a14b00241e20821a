package org.hotspare.mirror;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops a standby before it repeats a mass deletion: when more than so many entries, and more than
 * that share of all, go within the window, what went in it is brought back and further deletions
 * are held until somebody says what they were. Owned by the applying thread; approvals come from
 * others.
 */
final class Guard {
  private static final Logger LOG = LoggerFactory.getLogger(Guard.class);
  private static final String IN_FLIGHT = "in-flight";

  private volatile Allowed allowed;

  private final Deque<Deleted> recent = new ArrayDeque<>();
  private long recentCount;
  private volatile long approvedUntilMillis;

  /** Deletions up to then were approved, or are held. */
  private long settledMillis;

  private record Deleted(long millis, long count) {}

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
    while (!recent.isEmpty() && now - recent.getFirst().millis() > limits.windowMillis) {
      recentCount -= recent.removeFirst().count();
    }
    long going = deletions(index, batch);
    if (going == 0 || Holding.isOn(index)) {
      return;
    }
    if (now <= approvedUntilMillis) {
      settled(now);
      return;
    }
    long before = index.counts().entries() + recentCount;
    recent.add(new Deleted(now, going));
    recentCount += going;
    boolean many = recentCount > limits.deletions && recentCount > limits.share * before;
    if (many) {
      // Of a file with several names the first ones went before anything counted as deleted.
      int restored = Undo.since(index, work, Math.max(now - limits.windowMillis, settledMillis));
      String why =
          "the primary deleted %d of %d entries within %d s"
              .formatted(recentCount, before, limits.windowMillis / 1000);
      Holding.start(index, why);
      settled(now);
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

  /** What was deleted so far is not asked about any more. */
  private void settled(long nowMillis) {
    recent.clear();
    recentCount = 0;
    settledMillis = nowMillis;
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
    if (index.inode(id).isEmpty()) {
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
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      for (Change change : batch) {
        switch (change) {
          case Change.InodeSet set -> out.writeLong(set.id().value());
          case Change.NameSet set -> out.writeLong(set.id().value());
          case Change.InodeGone gone -> out.writeLong(gone.id().value());
          case Change.NameGone gone -> out.writeLong(gone.parent().value());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
    index.putFact(IN_FLIGHT, Bytes.wrap(bytes.toByteArray()));
  }

  void forgetInFlight(IndexWriter index) {
    index.putFact(IN_FLIGHT, null);
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

package org.hotspare.mirror;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.DirFd;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.Excludes;
import org.hotspare.watch.Mark;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.watch.Problems;
import org.hotspare.watch.Watcher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds what somebody else than the agent did to a standby's tree, keeps it aside, and tells which
 * entries the primary has to send anew. Owned by the applying thread, so that what the agent itself
 * is putting in place is never taken for drift.
 */
final class Drift {
  private static final Logger LOG = LoggerFactory.getLogger(Drift.class);
  private static final int DIRECTORIES_PER_TRANSACTION = 256;

  private final MirrorRoot root;
  private final Index index;
  private final Watcher watcher;
  private final OwnFiles own;
  private final Problems problems;
  private final Pace pace;

  private final Set<EntryId> wanted = new LinkedHashSet<>();

  /** Whether a batch was under way when this node stopped. */
  private boolean inFlight;

  /** Whether the tree may be ahead of the index, by what a batch did that was lost. */
  private boolean recovering;

  /** What was found and could not be mended. */
  private final Set<Mark> unmended = new LinkedHashSet<>();

  Drift(
      MirrorRoot root,
      Index index,
      Watcher watcher,
      Excludes excludes,
      Problems problems,
      Pace pace) {
    this.pace = pace;
    this.root = root;
    this.index = index;
    this.watcher = watcher;
    this.own = new OwnFiles(excludes);
    this.problems = problems;
  }

  /**
   * Compares the whole tree with the index, and removes what was being staged when the node
   * stopped: only while nothing is. Answers what is to be sent anew.
   *
   * @param died whether the process may have died while it put something in place
   */
  Set<EntryId> scan(boolean died) throws IOException {
    try (Workplace work = Workplace.enter(root)) {
      index.update(Durability.FAST, w -> recover(w, work, died));
      for (Name leftover : Kept.names(work.staging())) {
        Kept.removeAll(work.staging(), leftover);
      }
    }
    return compare();
  }

  private Set<EntryId> compare() throws IOException {
    wanted.clear();
    long startedNanos = System.nanoTime();
    try (Workplace work = Workplace.enter(root)) {
      Deque<EntryId> left = new ArrayDeque<>(List.of(EntryId.ROOT));
      try (Snapshot snapshot = index.snapshot()) {
        left.addAll(waiting(snapshot));
      }
      all(work, left);
      // Only now: whoever is stopped before compares anew, and takes back anew.
      index.update(
          Durability.FAST,
          w -> {
            Guard.forgetBatch(w);
            StandbyState.recovered(w);
          });
    }
    inFlight = false;
    recovering = false;
    LOG.info(
        "mirror {}: the copy was compared in {} ms, {} entries differ",
        root.mirror(),
        (System.nanoTime() - startedNanos) / 1_000_000,
        wanted.size());
    return new LinkedHashSet<>(wanted);
  }

  private void all(Workplace work, Deque<EntryId> left) throws IOException {
    while (!left.isEmpty()) {
      index.update(Durability.FAST, w -> some(w, work, left));
      pace.step();
    }
  }

  /**
   * Directories that wait for their next name are compared as well: what a batch that was lost had
   * put into them would come back with them.
   */
  private static List<EntryId> waiting(IndexReader index) {
    return Removals.origins(index).keySet().stream()
        .filter(id -> index.namesOf(id).isEmpty())
        .filter(id -> index.inode(id).map(Drift::isDirectory).orElse(false))
        .toList();
  }

  private static boolean isDirectory(Inode inode) {
    return inode.entry().kind() == FileKind.DIRECTORY;
  }

  private void recover(IndexWriter w, Workplace work, boolean died) {
    inFlight = !Guard.inFlight(w).isEmpty();
    recovering = died || inFlight;
    if (recovering) {
      try {
        new Rollback(w, work, own, inFlight).run();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  private void some(IndexWriter w, Workplace work, Deque<EntryId> left) {
    try (Places places = new Places(work)) {
      TreeMend mend = new TreeMend(this, w, work, places);
      for (int i = 0; i < DIRECTORIES_PER_TRANSACTION && !left.isEmpty(); i++) {
        left.addAll(mend.directory(left.poll()));
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** What was found and could not be mended: it is to be looked at again. */
  Set<Mark> unmended() {
    return unmended;
  }

  /** Looks where marks point. Answers what is to be sent anew. */
  Set<EntryId> look(List<Mark> marks) throws IOException {
    wanted.clear();
    for (Mark mark : marks) {
      if (mark instanceof Mark.Everything || mark instanceof Mark.Subtree) {
        return compare();
      }
    }
    try (Workplace work = Workplace.enter(root)) {
      index.update(Durability.FAST, w -> marks(w, work, marks));
    }
    return new LinkedHashSet<>(wanted);
  }

  /**
   * Compares what was out of reach and can be opened again: only while nothing is on its way that
   * was asked for. Answers what is to be sent anew.
   */
  Set<EntryId> compareWhatIsBack() throws IOException {
    wanted.clear();
    Set<EntryId> tried = new HashSet<>();
    List<EntryId> next = outOfReach(tried);
    if (!next.isEmpty()) {
      try (Workplace work = Workplace.enter(root)) {
        for (; !next.isEmpty(); next = outOfReach(tried)) {
          all(work, new ArrayDeque<>(next));
        }
      }
    }
    return new LinkedHashSet<>(wanted);
  }

  /** Each once: what still cannot be opened waits for the next time. */
  private List<EntryId> outOfReach(Set<EntryId> tried) {
    try (Snapshot snapshot = index.snapshot()) {
      return OutOfReach.topmost(snapshot).stream().filter(tried::add).toList();
    }
  }

  private void marks(IndexWriter w, Workplace work, List<Mark> marks) {
    try (Places places = new Places(work)) {
      TreeMend mend = new TreeMend(this, w, work, places);
      for (Mark mark : marks) {
        switch (mark) {
          case Mark.Entry(var directory, var name, _) -> mend.name(directory, name);
          case Mark.Moved(var from, var fromName, var to, var toName) -> {
            mend.name(to, toName);
            mend.name(from, fromName);
          }
          case Mark.Self(var directory) -> mend.self(directory);
          case Mark.Listing(var directory) -> mend.directory(directory);
          case Mark.Subtree subtree -> throw new IllegalStateException("handled by a scan");
          case Mark.Everything all -> throw new IllegalStateException("handled by a scan");
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  // ---- for the one that looks

  void watch(EntryId id, DirFd directory) throws IOException {
    watcher.watch(id, directory);
  }

  OwnFiles own() {
    return own;
  }

  boolean isRecovering() {
    return recovering;
  }

  boolean hasInFlight() {
    return inFlight;
  }

  void problem(RelPath path, String reason) {
    problems.add(path, reason);
  }

  void unmended(Mark mark) {
    unmended.add(mark);
  }

  /**
   * @return false if it is wanted already
   */
  boolean want(EntryId id) {
    return wanted.add(id);
  }
}

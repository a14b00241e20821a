package org.hotspare.watch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.IndexException;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.NameRow;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a primary's index equal to its tree: watches first, then scans, then follows the kernel's
 * events.
 *
 * <p>Events are only hints where to look. What is true is what {@link Numbering} finds when it
 * looks; an overflow of the kernel's queue, or a root that went away and came back, leads to a scan
 * of the whole tree.
 *
 * <p>One thread owns the numbering and all rows that are numbered. Other threads ask through
 * queues.
 */
public final class Tracker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Tracker.class);
  private static final int MARKS_PER_BATCH = 4096;
  private static final int DIRECTORIES_PER_TRANSACTION = 256;
  private static final int TURNS_PER_TRANSACTION = 4096;
  private static final Duration IDLE = Duration.ofSeconds(2);

  /** Between two attempts at what cannot be done at the moment. */
  private static final Duration AGAIN = Duration.ofMillis(500);

  /** Its event may get lost where somebody makes the work directory anew; all else has to go on. */
  private static final Duration LONGEST_FOR_A_COOKIE = Duration.ofMinutes(1);

  private static final Duration SOON = Duration.ofMillis(3);

  /** A mark whose directory cannot be opened this often was overtaken; then the tree is scanned. */
  private static final int ATTEMPTS = 200;

  /** Passed from the beginning. */
  private static final long NO_COOKIE = 0;

  private final MirrorRoot root;
  private final Index index;
  private final Watcher watcher;
  private final Numbering numbering;
  private final ProcessorLimit processors;
  private final Queue<Request> requests = new ConcurrentLinkedQueue<>();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final Thread thread;

  private List<Deferred> deferred = new ArrayList<>();
  private List<EntryId> differing = new ArrayList<>();
  private final List<Draining> draining = new ArrayList<>();
  private Set<EntryId> orphansBefore = Set.of();

  /** Once it passed, all was looked at that happened before {@link #orphansBefore} were noted. */
  private @Nullable Long orphansCookie;

  private long orphansCookieNanos;

  private volatile boolean closed;
  private volatile boolean ended;
  private volatile boolean scanning = true;
  private volatile boolean firstScanDone;
  private volatile @Nullable String missing;

  /** Why events are missing, until the tree was compared; null while none are. */
  private volatile @Nullable String lostEvents;

  private volatile @Nullable Throwable failure;
  private long scanStartedNanos;

  /** Of directories that were compared with all below them; null while they are listed. */
  private @Nullable Listed listed;

  /**
   * Whether orphans may be in the index that nobody knows of: at the start those of the process
   * before, and where a transaction was lost in which they were removed.
   */
  private boolean recollectOrphans = true;

  /** What other threads ask of the tracker's. */
  private sealed interface Request {
    record Drain(CompletableFuture<Drained> done) implements Request {}

    record Differs(EntryId id) implements Request {}

    record Scan(String reason) implements Request {}
  }

  /**
   * A mark whose directory could not be found yet.
   *
   * @param compared whether directories were being compared with all below them when it was tried
   */
  private record Deferred(Mark mark, int attempts, boolean compared) {}

  /**
   * How far the numbering had come when all was looked at that could be.
   *
   * @param head all that was numbered until then
   * @param unseen what was not looked at at that moment: what it is may be numbered after the head
   */
  public record Drained(Position head, Unseen unseen) {}

  /**
   * All that was to be compared was listed.
   *
   * @param cookie once it passed, all was looked at that happened while it was listed
   * @param directories how many had been listed
   */
  private record Listed(long cookie, long directories) {}

  public Tracker(
      MirrorRoot root,
      Index index,
      Watcher watcher,
      Excludes excludes,
      Problems problems,
      ProcessorLimit processors) {
    this.processors = processors;
    this.root = root;
    this.index = index;
    this.watcher = watcher;
    this.numbering = new Numbering(watcher, excludes, problems);
    this.thread = Thread.ofPlatform().name("tracker-" + root.mirror()).unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  /**
   * Called, on the tracker's thread, after each commit of numbered changes and when a scan has
   * ended. It must not block.
   */
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  /** Whether a scan of the whole tree is under way. */
  public boolean isScanning() {
    return scanning;
  }

  /** Whether the tree was compared with the index once since the start. */
  public boolean isFirstScanDone() {
    return firstScanDone;
  }

  /** Why the root cannot be used at the moment; null while it can. */
  public @Nullable String missing() {
    return missing;
  }

  /** Why the tracker stopped for good; null while it runs. */
  public @Nullable Throwable failure() {
    return failure;
  }

  /** How the tree is watched; not complete, either, while it is compared after lost events. */
  public Coverage coverage() {
    Coverage coverage = watcher.coverage();
    String lost = lostEvents;
    if (lost == null) {
      return coverage;
    }
    String reason = lost + "; the tree is being compared";
    return new Coverage(
        coverage.method(),
        false,
        coverage.reason().isEmpty() ? reason : reason + "; " + coverage.reason());
  }

  /**
   * Completes once everything that happened in the tree before this call is numbered, except for
   * what could not be looked at. Files that come and go meanwhile do not hold it up.
   */
  public CompletableFuture<Drained> drain() {
    CompletableFuture<Drained> done = new CompletableFuture<>();
    ask(new Request.Drain(done));
    if (ended) {
      stopWaiting();
    }
    return done;
  }

  /** Somebody read a file and found other content than its row says, without an event. */
  public void contentDiffers(EntryId id) {
    ask(new Request.Differs(id));
  }

  /** Compares the whole tree with the index. */
  public void rescan(String reason) {
    ask(new Request.Scan(reason));
  }

  private void ask(Request request) {
    requests.add(request);
    watcher.wake();
  }

  private void run() {
    try {
      startScan("start");
      while (!closed) {
        stepOrWaitForRoom();
      }
    } catch (IndexException | IOException e) {
      fail(e);
    } catch (RuntimeException e) {
      fail(e);
      throw e;
    } finally {
      ended = true;
      draining.forEach(waiting -> stopped(waiting.done));
      stopWaiting();
    }
  }

  /** What is asked from now on is not answered. */
  private void stopWaiting() {
    for (Request request = requests.poll(); request != null; request = requests.poll()) {
      if (request instanceof Request.Drain(var done)) {
        stopped(done);
      }
    }
  }

  private static void stopped(CompletableFuture<Drained> waiting) {
    waiting.completeExceptionally(new IllegalStateException("the tree is no longer followed"));
  }

  /** While the index has no room nothing can be numbered; once it has, the tree tells what. */
  private void stepOrWaitForRoom() throws IOException {
    try {
      step();
      failure = null;
    } catch (IndexException e) {
      if (e.kind() != IndexException.Kind.FULL) {
        throw e;
      }
      if (failure == null) {
        LOG.warn("mirror {}: {}; trying again", root.mirror(), e.getMessage());
      }
      failure = e;
      undone();
      LockSupport.parkNanos(AGAIN.toNanos());
      startScan("there was no room for the index");
    }
  }

  /** What the transaction that was undone had noted elsewhere is of no use. */
  private void undone() {
    recollectOrphans = true;
    orphansBefore = Set.of();
    orphansCookie = null;
    numbering.forgetAll();
  }

  private void fail(Exception e) {
    failure = e;
    if (!closed) {
      LOG.error("mirror {}: the tree is no longer followed", root.mirror(), e);
    }
  }

  private void step() throws IOException {
    Duration timeout = hasWork() ? Duration.ZERO : isWaiting() ? SOON : IDLE;
    boolean holdsBack = holdsBack();
    List<Mark> marks =
        holdsBack ? watcher.poll(Duration.ZERO, 0) : watcher.poll(timeout, MARKS_PER_BATCH);
    try (Directories directories = new Directories(root.enter())) {
      found();
      takeRequests();
      awaitWhatHappened();
      awaitWhereOrphansWent();
      if (marks.isEmpty() && differing.isEmpty() && !hasWork() && !isWaiting() && !scanning) {
        return;
      }
      Worked worked = index.write(Durability.FAST, w -> work(w, directories, marks, holdsBack));
      committed(worked);
      if (numbering.isListing()) {
        processors.pause();
      }
      completeDrains();
    } catch (MirrorRoot.RootMissing | LinuxException e) {
      lost(e.getMessage());
    } catch (UncheckedIOException e) {
      // From within the transaction, which is undone.
      IOException cause = e.getCause();
      if (!(cause instanceof MirrorRoot.RootMissing || cause instanceof LinuxException)) {
        throw e;
      }
      undone();
      lost(cause.getMessage());
    }
  }

  /** Who waits for directories to be listed does not wait for those that are made meanwhile. */
  private boolean holdsBack() {
    return numbering.isListing()
        && !numbering.isComparing()
        && draining.stream().anyMatch(waiting -> watcher.passed(waiting.cookie));
  }

  private boolean hasWork() {
    return numbering.isListing() || !requests.isEmpty() || numbering.isRetryDue();
  }

  private boolean isWaiting() {
    return numbering.isLooking()
        || numbering.isComparing()
        || !deferred.isEmpty()
        || !draining.isEmpty();
  }

  /**
   * The root is not what it was: nothing is looked at, and nothing is concluded, until it is back.
   */
  private void lost(@Nullable String reason) {
    if (missing == null) {
      LOG.warn("mirror {}: {}; nothing is mirrored until it is back", root.mirror(), reason);
    }
    missing = reason;
    LockSupport.parkNanos(AGAIN.toNanos());
  }

  private void found() {
    if (missing != null) {
      missing = null;
      LOG.info("mirror {}: {} is back", root.mirror(), root.path());
      startScan("the root is back");
    }
  }

  private void startScan(String reason) {
    LOG.debug("mirror {}: scanning the tree: {}", root.mirror(), reason);
    scanning = true;
    scanStartedNanos = System.nanoTime();
    numbering.compareFrom(EntryId.ROOT);
    listed = null;
  }

  /**
   * After a comparison was listed: sends for word that all was looked at that happened until now.
   */
  private void awaitWhatHappened() throws IOException {
    if (numbering.isComparing() && !numbering.isListing() && listed == null) {
      listed = new Listed(cookieIfThereIsRoom(), numbering.listed());
    }
  }

  private long cookieIfThereIsRoom() throws IOException {
    try {
      return watcher.cookie();
    } catch (MirrorRoot.RootMissing | LinuxException e) {
      // A comparison has to end, on a full disk, too: with what is known to have happened by now.
      LOG.warn(
          "mirror {}: what moved while the tree was compared may be missing: {}",
          root.mirror(),
          e.getMessage());
      return NO_COOKIE;
    }
  }

  /**
   * Where what has no name now moved to is told among what happened until now; else it is gone. In
   * directories that are polled, as on a full disk, the marks that come next have to do.
   */
  private void awaitWhereOrphansWent() throws IOException {
    if (orphansBefore.isEmpty() || orphansCookie != null) {
      return;
    }
    orphansCookieNanos = System.nanoTime();
    try {
      orphansCookie = watcher.eventCookie();
    } catch (LinuxException e) {
      LOG.debug("mirror {}: {}", root.mirror(), e.getMessage());
      orphansCookie = NO_COOKIE;
    }
  }

  /**
   * Whether all that was to be compared was, also what moved meanwhile. Where looking at that had
   * further directories listed, the same is asked once more: each is listed once, so that this
   * ends.
   */
  private boolean isCompared() {
    Listed before = listed;
    if (before == null || !watcher.passed(before.cookie)) {
      return false;
    }
    listed = null;
    return before.directories == numbering.listed();
  }

  private void drain(CompletableFuture<Drained> done) throws IOException {
    try {
      draining.add(new Draining(watcher.cookie(), done));
    } catch (LinuxException e) {
      // No room for a file in the work directory, for one: that is the caller's failure alone.
      done.completeExceptionally(e);
    }
  }

  private void takeRequests() throws IOException {
    for (Request request = requests.peek(); request != null; request = requests.peek()) {
      switch (request) {
        // Making a cookie fails where the root went away meanwhile: then it is asked for again.
        case Request.Drain(var done) -> drain(done);
        case Request.Differs(var id) -> differing.add(id);
        case Request.Scan(var reason) -> startScan(reason);
      }
      requests.remove();
    }
  }

  /**
   * What one transaction did.
   *
   * @param numbered whether it numbered anything
   * @param scanned whether the whole tree was compared with its end
   */
  private record Worked(boolean numbered, boolean scanned, long entries) {}

  /**
   * Everything that one transaction does. What it leaves behind outside of the index either is
   * found again by the scan that follows a failed one, or is changed in {@link #committed}.
   */
  private Worked work(IndexWriter w, Directories directories, List<Mark> marks, boolean holdsBack) {
    Position before = w.head();
    boolean scanned = false;
    try {
      numbering.ensureRoot(w, directories);
      if (recollectOrphans) {
        numbering.recollectOrphans(w);
      }
      differing.forEach(id -> numbering.contentDiffers(w, id));
      if (!holdsBack) {
        takeDeferred(w, directories);
      }
      for (Mark mark : marks) {
        take(w, directories, new Deferred(mark, 0, false));
      }
      numbering.retryFailed(w, directories);
      reopenMoved(directories);
      list(w, directories);
      if (!numbering.isListing() && (!numbering.isComparing() || isCompared())) {
        numbering.settle(w, directories);
        scanned = scanning;
        removeOrphans(w);
      }
      for (NameRow row : numbering.lookAtOtherNames(w, directories)) {
        deferred.add(new Deferred(new Mark.Entry(row.parent(), row.name()), 1, false));
      }
      numbering.lookAtTouched(w, directories);
      if (!numbering.isListing()) {
        numbering.settleRetries();
      }
      numbering.showMovedFailures(w);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Worked(!w.head().equals(before), scanned, w.counts().entries());
  }

  private void takeDeferred(IndexWriter w, Directories directories) throws IOException {
    List<Deferred> again = deferred;
    deferred = new ArrayList<>();
    for (Deferred mark : again) {
      take(w, directories, mark);
    }
  }

  /** Those that nothing that happened until they were noted tells of. */
  private void removeOrphans(IndexWriter w) {
    if (orphansBefore.isEmpty() || isToldWhereOrphansWent()) {
      numbering.removeOrphans(w, orphansBefore);
      orphansBefore = numbering.orphans();
      orphansCookie = null;
    }
  }

  private boolean isToldWhereOrphansWent() {
    Long cookie = orphansCookie;
    return cookie != null
        && (watcher.eventsPassed(cookie)
            || System.nanoTime() - orphansCookieNanos > LONGEST_FOR_A_COOKIE.toNanos());
  }

  /**
   * Turns that come to nothing, of directories that move all the time, must not keep the others
   * waiting: until none waits nothing is concluded from what is missing.
   */
  private void list(IndexWriter w, Directories directories) throws IOException {
    int listed = 0;
    for (int turn = 0;
        turn < TURNS_PER_TRANSACTION
            && listed < DIRECTORIES_PER_TRANSACTION
            && numbering.isListing();
        turn++) {
      listed += numbering.listNext(w, directories) ? 1 : 0;
      reopenMoved(directories);
    }
  }

  private void committed(Worked worked) {
    recollectOrphans = false;
    differing = new ArrayList<>();
    if (worked.scanned()) {
      finishScan(worked.entries());
    }
    // The end of a scan tells something, too: what was numbered before it is the whole tree.
    if (worked.numbered() || worked.scanned()) {
      listeners.forEach(Runnable::run);
    }
  }

  private void finishScan(long entries) {
    // First: who sees that it is over may look for it in the log.
    if (LOG.isInfoEnabled()) {
      LOG.info(
          "mirror {}: {} entries compared in {} ms",
          root.mirror(),
          entries,
          (System.nanoTime() - scanStartedNanos) / 1_000_000);
    }
    scanning = false;
    firstScanDone = true;
    lostEvents = null;
  }

  private void reopenMoved(Directories directories) {
    if (numbering.takeMovedDirectories()) {
      directories.forget();
    }
  }

  private void take(IndexWriter w, Directories directories, Deferred mark) throws IOException {
    boolean below = mark.compared || numbering.isComparing();
    boolean done =
        switch (mark.mark) {
          case Mark.Entry(var directory, var name, var target) ->
              numbering.look(w, directories, directory, name, target, below);
          case Mark.Moved(var from, var fromName, var to, var toName) -> {
            // The new name first: what is found there is known, and does not become an orphan.
            boolean arrived = numbering.look(w, directories, to, toName, null, below);
            reopenMoved(directories);
            boolean left = numbering.look(w, directories, from, fromName, null, below);
            yield arrived && left;
          }
          case Mark.Self(var directory) -> {
            numbering.touch(directory);
            yield true;
          }
          case Mark.Listing(var directory) -> {
            numbering.list(directory);
            yield true;
          }
          case Mark.Subtree(var directory) -> {
            scanning = true;
            numbering.compareFrom(directory);
            listed = null;
            yield true;
          }
          case Mark.Everything(var reason) -> {
            LOG.warn("mirror {}: {}; the tree is compared", root.mirror(), reason);
            lostEvents = reason;
            startScan(reason);
            yield true;
          }
        };
    reopenMoved(directories);
    if (done) {
      return;
    }
    if (mark.attempts < ATTEMPTS) {
      deferred.add(new Deferred(mark.mark, mark.attempts + 1, below));
    } else {
      startScan("a directory could not be found again");
    }
  }

  private void completeDrains() {
    if (scanning || numbering.isComparing()) {
      draining.forEach(Draining::startAnew);
      return;
    }
    if (draining.isEmpty() || numbering.isListing() || numbering.isRetryDue()) {
      return;
    }
    List<Draining> passed =
        draining.stream().filter(waiting -> watcher.passed(waiting.cookie)).toList();
    if (passed.isEmpty()) {
      return;
    }
    Unseen unseen = numbering.unseen();
    Set<Object> toDo = numbering.lookedFor();
    deferred.forEach(waiting -> toDo.add(waiting.mark));
    List<Draining> ready =
        passed.stream().filter(waiting -> waiting.isDone(toDo, unseen.isNone())).toList();
    if (ready.isEmpty()) {
      return;
    }
    draining.removeAll(ready);
    Drained drained = new Drained(head(), unseen);
    ready.forEach(waiting -> waiting.done.complete(drained));
  }

  private Position head() {
    try (Snapshot snapshot = index.snapshot()) {
      return snapshot.head();
    }
  }

  /** The inode row of an entry as it is committed now. */
  public Optional<Inode> inode(EntryId id) {
    try (Snapshot snapshot = index.snapshot()) {
      return snapshot.inode(id);
    }
  }

  /**
   * Opens the root for reading files.
   *
   * @throws MirrorRoot.RootMissing if it is not there
   */
  public DirFd enter() throws IOException {
    return root.enter();
  }

  @Override
  public void close() {
    closed = true;
    watcher.wake();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.hotspare.delta.InvalidDeltaException;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.IndexException;
import org.hotspare.index.IndexReader;
import org.hotspare.index.LastRead;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Listing;
import org.hotspare.tree.Change;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Position;
import org.hotspare.watch.Coverage;
import org.hotspare.watch.DeviceNumber;
import org.hotspare.watch.Excludes;
import org.hotspare.watch.Mark;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.watch.Problems;
import org.hotspare.watch.Watcher;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.hotspare.wire.ProtocolException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One mirror on a standby: subscribes to the primary, applies what comes, and mends what somebody
 * changed here.
 *
 * <p>One thread owns the tree and its index and does everything in turn; the link's frames, the
 * kernel's events and what operators say reach it through one bounded queue.
 */
public final class StandbyMirror implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StandbyMirror.class);
  private static final int QUEUED = 24;
  private static final long SHORTEST_PAUSE_MILLIS = 100;
  private static final long LONGEST_PAUSE_MILLIS = 5000;

  /** A primary that restarts is to be found again soon. */
  private static final long LONGEST_PAUSE_BETWEEN_CONNECTIONS_MILLIS = 1000;

  /** A connection that lasted this long was none that fails at once. */
  private static final Duration LASTING = Duration.ofSeconds(2);

  /** The primary is told how this copy is when that changed, looked at as often. */
  private static final Duration REPORT_EVERY = Duration.ofSeconds(1);

  /** The same, whether it changed or not. */
  private static final Duration REPORT_ANYWAY = Duration.ofSeconds(10);

  private static final Duration PRUNE_EVERY = Duration.ofSeconds(10);

  /** What was changed here and mended is shown for so long. */
  private static final Duration MENDED_SHOWN = Duration.ofMinutes(1);

  private static final Duration RETRIES_EVERY = Duration.ofMillis(500);

  /**
   * How long it waits for something to do, where it is to look again at what it knows of or not.
   */
  private static final Duration RESTLESS = Duration.ofMillis(200);

  private static final Duration IDLE = Duration.ofSeconds(5);

  private final MirrorSettings settings;
  private final LinkSource primary;
  private final MirrorNews news;
  private final MirrorRoot root;
  private final Excludes excludes;
  private final Problems problems = new Problems();
  private final Guard guard;
  private final Removals removals;
  private final OwnCopy ownCopy;
  private final StandbyState state = new StandbyState();
  private final StandbyDisplay display;
  private final ExecutorService stagers;
  private final OnChange onChange;
  private final Pruning pruning;
  private final SignOfWork signs = new SignOfWork();
  private final BlockingQueue<Work> queue = new ArrayBlockingQueue<>(QUEUED);
  private final Thread thread;

  /** Replaced by the owning thread; others only look. */
  private volatile Index index;

  private final LastRead<StandbyDisplay.Indexed> indexed =
      new LastRead<>(StandbyDisplay.Indexed::read);

  private final LastRead<CopyState> wholeCopy = new LastRead<>(read -> copyIn(read, ""));

  private final LastRead<CopyState> doubtfulCopy =
      new LastRead<>(
          read -> copyIn(read, "may lack what somebody changed in it, until that came again"));

  private final LastRead<Long> unmade = new LastRead<>(Shortfalls::unmade);
  private final LastRead<Boolean> outOfReach = new LastRead<>(read -> !OutOfReach.isEmpty(read));

  private @Nullable Watcher watcher;
  private @Nullable Thread watching;
  private @Nullable Inventory inventory;
  private Frame.@Nullable CutBegin inventoryCut;
  private boolean scanned;

  /** Whether the tree was compared, and all came again that it lacked. */
  private volatile boolean whole;

  /** What the scan found lost, until a primary was asked for it. */
  private final Set<EntryId> foundLost = new LinkedHashSet<>();

  private boolean refilled;

  private final PlacesToMend placesToMend = new PlacesToMend();

  private volatile @Nullable Link link;
  private volatile @Nullable String failure;
  private volatile @Nullable String question;

  /** When deletions were forgotten last; owned by the applying thread. */
  private long retainedNanos = System.nanoTime() - Retention.EVERY.toNanos();

  private volatile CompletableFuture<Link> connecting = new CompletableFuture<>();
  private volatile boolean closed;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile Coverage coverage = new Coverage("none", false, "not started");

  /** Decides about held deletions while there is a connection. */
  private volatile @Nullable HeldDeletions held;

  /** What the connected primary was told last of what could not be made here. */
  private Frame.@Nullable Report reported;

  private long reportedNanos;

  /** One connection to the primary, and what lives as long as it. */
  private record Session(
      Link link, Applier applier, Conversation conversation, HeldDeletions held) {}

  /** What the owning thread does next. */
  private sealed interface Work {
    record Incoming(Link from, Frame frame) implements Work {}

    record LinkEnded(Link which, IOException reason) implements Work {}

    record Marks(List<Mark> marks) implements Work {}

    record Decided(Frame.Decision decision, long validMillis) implements Work {}

    record Repair(Set<EntryId> ids) implements Work {}
  }

  private StandbyMirror(
      MirrorSettings settings, LinkSource primary, MirrorNews news, MirrorRoot root, Index index) {
    this.settings = settings;
    this.primary = primary;
    this.news = news;
    this.root = root;
    this.index = index;
    this.excludes = Excludes.of(settings.excludes());
    this.guard = new Guard(settings.allowed());
    this.ownCopy = new OwnCopy(root, state, guard, settings.stateDirectory());
    this.removals = new Removals(excludes, problems);
    this.stagers =
        Executors.newFixedThreadPool(
            2, Thread.ofPlatform().name("stage-" + settings.name() + "-", 0).daemon().factory());
    this.display = new StandbyDisplay(settings.name(), state, problems);
    this.pruning = new Pruning(settings.name());
    this.onChange = new OnChange(settings.name(), settings.onChange(), news);
    this.thread = Thread.ofPlatform().name("apply-" + settings.name()).unstarted(this::run);
  }

  /** Opens the mirror's index and starts to follow its primary. */
  public static StandbyMirror start(MirrorSettings settings, LinkSource primary, MirrorNews news)
      throws IOException {
    return start(settings, primary, news, false);
  }

  /**
   * The same where epochs are given by the cluster, so that no two nodes ever had the same: what
   * this node numbered as a primary says how far it is.
   */
  public static StandbyMirror resume(MirrorSettings settings, LinkSource primary, MirrorNews news)
      throws IOException {
    return start(settings, primary, news, true);
  }

  private static StandbyMirror start(
      MirrorSettings settings, LinkSource primary, MirrorNews news, boolean resuming)
      throws IOException {
    java.nio.file.Files.createDirectories(settings.path());
    MirrorRoot root = MirrorRoot.of(settings.name(), settings.path(), settings.stateDirectory());
    Index index = Indexes.open(settings.name(), settings.indexFile());
    try {
      boolean clean = index.wasCleanlyClosed();
      index.update(Durability.DURABLE, w -> StandbyState.opened(w, clean, resuming));
      StandbyMirror mirror = new StandbyMirror(settings, primary, news, root, index);
      mirror.thread.start();
      return mirror;
    } catch (RuntimeException e) {
      index.close();
      throw e;
    }
  }

  public String name() {
    return settings.name();
  }

  /** Whether it is connected to its primary. */
  public boolean isConnected() {
    Link current = link;
    return current != null && !current.isClosed();
  }

  // ---- the owning thread

  private void run() {
    long pauseMillis = SHORTEST_PAUSE_MILLIS;
    while (!closed) {
      long started = System.nanoTime();
      long longest = LONGEST_PAUSE_MILLIS;
      try {
        prepare();
        session();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (UncheckedIOException e) {
        IOException cause = e.getCause();
        failed(cause == null ? e : cause);
      } catch (Unreachable e) {
        longest = LONGEST_PAUSE_BETWEEN_CONNECTIONS_MILLIS;
        failed(e);
      } catch (IOException | RuntimeException e) {
        failed(e);
      }
      if (!closed) {
        boolean lasted = System.nanoTime() - started > LASTING.toNanos();
        pauseMillis = lasted ? SHORTEST_PAUSE_MILLIS : Math.min(longest, pauseMillis * 2);
        pause(pauseMillis);
      }
    }
  }

  private void pause(long millis) {
    try {
      var _ = closing.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The tree may differ from the index now: both are compared before anything else. */
  private void failed(Exception e) {
    if (closed) {
      return;
    }
    String reason = reason(e);
    boolean disk =
        e instanceof Applier.DiskFull
            || (e instanceof IndexException x && x.kind() == IndexException.Kind.FULL);
    boolean connecting = e instanceof Unreachable;
    if (!reason.equals(failure)) {
      if (connecting) {
        LOG.info("mirror {}: {}", name(), reason);
      } else {
        boolean expected = disk || isViolation(e) || e instanceof MirrorRoot.RootMissing;
        LOG.warn("mirror {}: {}; trying again", name(), reason, expected ? null : e);
        news.tell(name(), disk ? MirrorNews.Topic.DISK : MirrorNews.Topic.PROBLEM, reason);
      }
    }
    failure = reason;
    if (!connecting) {
      scanned = false;
      whole = false;
    }
    if (e instanceof IndexException x && x.kind() == IndexException.Kind.DAMAGED) {
      index.close();
      index = Indexes.open(name(), settings.indexFile());
    }
  }

  private static String reason(Exception e) {
    Throwable cause = e.getCause();
    Throwable actual = e instanceof UncheckedIOException && cause != null ? cause : e;
    String message = actual.getMessage() == null ? actual.toString() : actual.getMessage();
    return isViolation(actual)
        ? "the primary broke the rules of the protocol: " + message
        : message;
  }

  private static boolean isViolation(Throwable e) {
    return e instanceof ProtocolException || e instanceof InvalidDeltaException;
  }

  /** The primary cannot be reached: nothing here is wrong. */
  private static final class Unreachable extends IOException {
    private static final long serialVersionUID = 1L;

    Unreachable(IOException cause) {
      super("the primary cannot be reached: " + cause.getMessage(), cause);
    }
  }

  /** Watches the tree and compares it with the index, once after a start or a failure. */
  private void prepare() throws IOException {
    try (DirFd directory = root.enter()) {
      index.update(Durability.FAST, w -> DeviceNumber.follow(w, directory));
    }
    if (watcher == null) {
      Watcher opened = TreeWatch.open(root, true);
      watcher = opened;
      try (DirFd directory = root.enter()) {
        opened.watch(EntryId.ROOT, directory);
      }
      watching =
          Thread.ofPlatform().name("watch-" + name()).daemon().start(() -> watchLoop(opened));
    }
    Watcher current = watcher;
    if (current != null) {
      coverage = current.coverage();
    }
  }

  private void watchLoop(Watcher opened) {
    try {
      while (!closed) {
        List<Mark> marks = opened.poll(IDLE, 4096);
        coverage = opened.coverage();
        if (!marks.isEmpty()) {
          queue.put(new Work.Marks(marks));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOG.error("mirror {}: this node's tree is no longer watched", name(), e);
      coverage = new Coverage("none", false, String.valueOf(e.getMessage()));
    }
  }

  /** One connection, from subscribing to its end. */
  private void session() throws IOException, InterruptedException {
    if (!scanned) {
      if (knowsItsTree()) {
        foundLost.addAll(compareTree());
      }
      scanned = true;
    }
    whole = foundLost.isEmpty();
    Set<EntryId> lost = withWithheldTimes(foundLost);
    Link current = connect();
    link = current;
    current.showWork(signs);
    Applier applier = applier(current);
    Thread receiving =
        Thread.ofPlatform().daemon().name("receive-" + name()).start(() -> receive(current));
    try {
      Conversation conversation = subscribe(current);
      HeldDeletions decisions =
          new HeldDeletions(root, index, guard, removals, news, current, conversation, applier);
      held = decisions;
      if (!lost.isEmpty()) {
        applier.ask(lost);
        foundLost.clear();
      }
      failure = null;
      work(new Session(current, applier, conversation, decisions), lost.isEmpty());
    } catch (IOException | RuntimeException e) {
      current.close(reason(e));
      throw e;
    } finally {
      state.disconnected();
      if (applier.isOwed()) {
        // What was asked for and did not come is found missing again.
        scanned = false;
        whole = false;
      }
      held = null;
      applier.abandon();
      closeInventory();
      current.close();
      receiving.interrupt();
      drain(current);
      link = null;
    }
  }

  private Set<EntryId> compareTree() throws IOException {
    Drift drift = drift();
    Set<EntryId> lost = drift.scan(StandbyState.mayHaveDied(index));
    placesToMend.add(drift.unmended(), System.nanoTime());
    return lost;
  }

  /** With the directories whose times are still to be fetched because deletions were held. */
  private Set<EntryId> withWithheldTimes(Set<EntryId> lost) {
    Set<EntryId> all = new LinkedHashSet<>(lost);
    try (Snapshot snapshot = index.snapshot()) {
      all.addAll(DirectoryTimes.due(snapshot));
    }
    return all;
  }

  private boolean knowsItsTree() {
    try (Snapshot snapshot = index.snapshot()) {
      return snapshot.inode(EntryId.ROOT).isPresent();
    }
  }

  /** However long a connection takes to be made, or a name to be found, it holds up no end. */
  private Link connect() throws IOException, InterruptedException {
    CompletableFuture<Link> made = new CompletableFuture<>();
    connecting = made;
    if (closed) {
      throw new Unreachable(new IOException("the mirror is being closed"));
    }
    Thread.ofVirtual().name("connect-" + name()).start(() -> connect(made));
    try {
      return made.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException refused) {
        throw new Unreachable(refused);
      }
      throw new IllegalStateException("connecting failed", e.getCause());
    }
  }

  private void connect(CompletableFuture<Link> made) {
    try {
      Link connected = primary.connect();
      if (!made.complete(connected)) {
        connected.close("stopping");
      }
    } catch (IOException | RuntimeException e) {
      made.completeExceptionally(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      made.completeExceptionally(new IOException("interrupted", e));
    }
  }

  private void step() throws IOException {
    if (closed) {
      throw new IOException("the mirror is being closed");
    }
    settings.processors().pause();
  }

  private Drift drift() throws IOException {
    Watcher current = watcher;
    if (current == null) {
      throw new IOException("the tree is not watched");
    }
    return new Drift(root, index, current, excludes, problems, this::step);
  }

  private Applier applier(Link current) {
    return new Applier(
        root,
        index,
        problems,
        removals,
        guard,
        stagers,
        state,
        settings.processors(),
        signs,
        new Applier.Upstream() {
          @Override
          public void want(List<EntryId> ids) throws IOException {
            current.sendNow(new Frame.Want(ids));
          }

          @Override
          public void acknowledge(Position position) throws IOException {
            StandbyMirror.this.acknowledge(current, position);
          }

          @Override
          public void applied(List<Change> changes) {
            if (!changes.isEmpty()) {
              onChange.changed();
            }
          }

          @Override
          public void appeared(EntryId id, DirFd directory) throws IOException {
            Watcher watched = watcher;
            if (watched != null) {
              watched.watch(id, directory);
            }
          }
        },
        Applier.Batching.NORMAL);
  }

  private Conversation subscribe(Link current) throws IOException {
    boolean empty = isTreeEmpty();
    Frame.Subscribe request;
    try (Snapshot snapshot = index.snapshot()) {
      request =
          new Frame.Subscribe(
              name(),
              StandbyState.history(snapshot),
              StandbyState.resume(snapshot),
              snapshot.lineage(),
              StandbyState.isComplete(snapshot),
              empty);
    }
    reported = null;
    current.sendNow(request);
    settings.shared().tell(current);
    return new Conversation(request);
  }

  private boolean isTreeEmpty() throws IOException {
    try (DirFd directory = root.enter();
        Listing listing = directory.list()) {
      for (var listed = listing.next(); listed != null; listed = listing.next()) {
        boolean own = root.isWorkInside() && listed.name().equals(MirrorRoot.WORK);
        if (!own) {
          return false;
        }
      }
      return true;
    }
  }

  private void receive(Link from) {
    try {
      while (true) {
        queue.put(new Work.Incoming(from, from.receive()));
      }
    } catch (IOException e) {
      end(from, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void end(Link which, IOException reason) {
    try {
      queue.put(new Work.LinkEnded(which, reason));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Drops what the ended connection left in the queue. */
  private void drain(Link ended) {
    List<Work> left = new ArrayList<>();
    queue.drainTo(left);
    for (Work work : left) {
      boolean stale =
          (work instanceof Work.Incoming incoming && incoming.from() == ended)
              || work instanceof Work.LinkEnded;
      if (!stale && !queue.offer(work)) {
        scanned = false;
      }
    }
  }

  private void work(Session session, boolean untouched) throws IOException, InterruptedException {
    Applier applier = session.applier();
    long lookedNanos = 0;
    long prunedNanos = System.nanoTime();
    long retriedNanos = prunedNanos;
    ShortfallRetries retries = new ShortfallRetries();
    boolean ready = untouched;
    boolean idle = false;
    while (!closed) {
      signs.rests();
      Work next = queue.poll((idle ? IDLE : RESTLESS).toMillis(), TimeUnit.MILLISECONDS);
      signs.works();
      if (next instanceof Work.LinkEnded ended && ended.which() == session.link()) {
        if (ended.reason() instanceof ProtocolException violation) {
          throw violation;
        }
        String reason = String.valueOf(ended.reason().getMessage());
        LOG.info("mirror {}: {}", name(), reason);
        news.tell(name(), MirrorNews.Topic.CONNECTION, "lost the primary: " + reason);
        return;
      }
      if (next != null) {
        ready = take(session, next, ready);
        if (next instanceof Work.Incoming) {
          signs.took();
        }
      }
      if (refilled) {
        // The index is another one now: the next session works on it.
        break;
      }
      whole = scanned && foundLost.isEmpty() && !applier.isOwed();
      long now = System.nanoTime();
      if (now - lookedNanos > REPORT_EVERY.toNanos()) {
        lookedNanos = now;
        session.held().endIfAllCameAgain();
        mendWhatIsBack(applier);
        reportNews(session.link());
      }
      if (now - prunedNanos > PRUNE_EVERY.toNanos()) {
        prunedNanos = now;
        prune();
        forgetDeletionsWhenDue();
        problems.clearOlderThan(MENDED_SHOWN);
      }
      mendAgain(applier, now);
      if (now - retriedNanos > RETRIES_EVERY.toNanos()) {
        retriedNanos = now;
        retry(applier, retries);
      }
      idle = next == null && placesToMend.isEmpty() && retries.isEmpty();
    }
    refilled = false;
  }

  /**
   * Looks where somebody else changed something, and asks for what is not as it should be.
   *
   * @return what could not be mended
   */
  private Set<Mark> mend(Applier applier, Collection<Mark> marks) throws IOException {
    Drift drift = drift();
    if (knowsItsTree()) {
      ask(applier, drift.look(List.copyOf(marks)));
    }
    return drift.unmended();
  }

  /** What somebody moved away and back, and what was made in its place. */
  private void mendWhatIsBack(Applier applier) throws IOException {
    if (outOfReach.of(index) && !applier.isOwed() && knowsItsTree()) {
      Drift drift = drift();
      ask(applier, drift.compareWhatIsBack());
      placesToMend.add(drift.unmended(), System.nanoTime());
    }
  }

  private void ask(Applier applier, Set<EntryId> lost) throws IOException {
    if (!lost.isEmpty()) {
      news.tell(
          name(),
          MirrorNews.Topic.DRIFT,
          "%d entries were changed on this standby and are fetched again".formatted(lost.size()));
      applier.ask(lost);
    }
  }

  private void mendAgain(Applier applier, long nowNanos) throws IOException {
    List<Mark> again = placesToMend.due(applier.isOwed(), nowNanos);
    if (!again.isEmpty()) {
      Set<Mark> unmended = mend(applier, again);
      placesToMend.looked(applier.isOwed(), unmended, nowNanos);
    }
  }

  private boolean take(Session session, Work next, boolean ready)
      throws IOException, InterruptedException {
    switch (next) {
      case Work.Incoming incoming -> {
        // What an ended connection left behind means nothing any more.
        return incoming.from() == session.link() ? frame(session, incoming.frame(), ready) : ready;
      }
      case Work.Marks marks -> {
        Set<Mark> unmended = mend(session.applier(), marks.marks());
        placesToMend.add(unmended, System.nanoTime());
        placesToMend.add(marks.marks(), System.nanoTime());
      }
      case Work.Decided decided -> session.held().decide(decided.decision(), decided.validMillis());
      case Work.Repair repair -> {
        for (EntryId id : repair.ids()) {
          setAside(id);
        }
        session.applier().ask(repair.ids());
      }
      case Work.LinkEnded ended -> {}
    }
    return ready;
  }

  private boolean frame(Session session, Frame frame, boolean ready)
      throws IOException, InterruptedException {
    Link current = session.link();
    Applier applier = session.applier();
    session.conversation().check(frame);
    switch (frame) {
      case Frame.Subscribed subscribed -> {
        state.subscribed(subscribed);
        try (Snapshot snapshot = index.snapshot()) {
          state.compare(subscribed, snapshot);
        }
        if (subscribed.mode() == Frame.Mode.FIRST_COPY && !knowsItsTree()) {
          index.update(Durability.DURABLE, state::beginsEmpty);
        }
        news.tell(
            name(),
            MirrorNews.Topic.CONNECTION,
            "following %s, epoch %d".formatted(current.peer(), subscribed.epoch()));
        if (subscribed.mode() == Frame.Mode.CHANGES && ready) {
          acknowledgeWhatIsHere(current);
        }
      }
      case Frame.CutBegin begin -> {
        if (begin.mode() == Frame.Mode.INVENTORY) {
          state.cutBegins(begin);
          inventoryCut = begin;
          inventory = new Inventory(root, excludes, freshIndexFile(), this::step);
        } else {
          applier.begin(begin);
        }
      }
      case Frame.Rows rows -> {
        state.received(rows.payload().remaining());
        Inventory counting = inventory;
        if (counting != null) {
          counting.rows(rows);
        } else {
          applier.rows(rows);
        }
      }
      case Frame.ContentPart part -> applier.part(part);
      case Frame.ContentAborted aborted -> applier.aborted(aborted);
      case Frame.CutReached reached -> applier.reached(reached.through());
      case Frame.CutEnd end -> {
        if (inventory != null) {
          takeInventory();
        } else {
          applier.end(end);
        }
      }
      case Frame.Decide decide ->
          session.held().decide(decide.decision(), decide.validSeconds() * 1000);
      case Frame.RestoreDone done -> session.held().restored(done);
      case Frame.Configured configured -> settings.shared().heard(current.peer(), configured);
      case Frame.VerifyRequest request -> verify(current, request.repair());
      default ->
          throw new IOException("a primary does not send " + frame.getClass().getSimpleName());
    }
    return true;
  }

  private Path freshIndexFile() {
    return settings.stateDirectory().resolve("index-new.db");
  }

  private void acknowledgeWhatIsHere(Link current) throws IOException {
    Position position;
    try (Snapshot snapshot = index.snapshot()) {
      position = StandbyState.position(snapshot);
    }
    acknowledge(current, position);
  }

  // ---- an unexplained tree

  private void takeInventory() throws IOException, InterruptedException {
    Inventory counting = inventory;
    Frame.CutBegin cut = inventoryCut;
    if (counting == null || cut == null) {
      return;
    }
    Inventory.Verdict verdict = counting.compare();
    LOG.info(
        "mirror {}: {} of {} entries are here already", name(), verdict.equal(), verdict.entries());
    boolean late;
    boolean own;
    try (Snapshot snapshot = index.snapshot()) {
      late = ownCopy.wasAwayForLong(snapshot);
      own = ownCopy.isKnown(snapshot, cut, verdict);
    }
    if (!verdict.isHarmless() && !own) {
      askFor(verdict);
    }
    // What the primary replaced and deleted meanwhile is kept no longer than usual.
    counting.perform(late ? KeptRecord.Reason.DELETED : KeptRecord.Reason.FOREIGN);
    counting.replace(index, settings.indexFile(), state, cut);
    if (!late && !verdict.isHarmless()) {
      news.tell(name(), MirrorNews.Topic.DRIFT, verdict.kept());
    }
    ownCopy.markComplete();
    inventory = null;
    index = Indexes.open(name(), settings.indexFile());
    scanned = false;
    refilled = true;
  }

  private void closeInventory() {
    Inventory counting = inventory;
    if (counting != null) {
      counting.close();
      inventory = null;
    }
  }

  /** Waits for the operator, while the connection stays. */
  private void askFor(Inventory.Verdict verdict) throws IOException, InterruptedException {
    String asks = verdict.question();
    question = asks;
    LOG.warn("mirror {}: held: {}; \"hotspare approve\" lets it go on", name(), asks);
    try {
      while (!closed) {
        Work next = queue.poll(200, TimeUnit.MILLISECONDS);
        Link current = link;
        boolean ended = next instanceof Work.LinkEnded end && end.which() == current;
        if (current == null || ended) {
          throw new IOException("the connection ended while an answer was awaited");
        }
        reportNews(current);
        if (approves(next)) {
          news.tell(name(), MirrorNews.Topic.HELD, "approved: " + asks);
          return;
        }
      }
      throw new IOException("stopping");
    } finally {
      question = null;
    }
  }

  private static boolean approves(@Nullable Work next) {
    return (next instanceof Work.Decided decided && decided.decision() == Frame.Decision.APPROVE)
        || (next instanceof Work.Incoming incoming
            && incoming.frame() instanceof Frame.Decide decide
            && decide.decision() == Frame.Decision.APPROVE);
  }

  // ---- housekeeping

  /** Asks again for what could not be made. */
  private void retry(Applier applier, ShortfallRetries retries) throws IOException {
    if (retries.isEmpty() && indexed.of(index).lacking() == 0) {
      return;
    }
    Set<EntryId> ids;
    try (Snapshot snapshot = index.snapshot()) {
      ids = retries.due(snapshot, System.nanoTime());
    }
    applier.ask(ids);
  }

  private void prune() throws IOException {
    long keepMillis = Kept.millis(guard.windowMillis());
    try (Workplace work = Workplace.enter(root)) {
      index.update(
          Durability.FAST,
          w -> {
            try {
              pruning.prune(w, work, System.currentTimeMillis(), keepMillis);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }

  private void forgetDeletionsWhenDue() {
    if (System.nanoTime() - retainedNanos >= Retention.EVERY.toNanos()) {
      retainedNanos = System.nanoTime();
      forgetDeletions(Retention.KEEP, Retention.CHANGES);
    }
  }

  /** As {@link PrimaryMirror#forgetDeletions}: most of them are in this node's index as well. */
  public void forgetDeletions(Duration keep, long changes) {
    Retention.forget(index, Durability.FAST, name(), keep, changes);
  }

  private void setAside(EntryId id) throws IOException {
    try (Workplace work = Workplace.enter(root)) {
      index.update(
          Durability.FAST,
          w -> {
            try (Places places = new Places(work)) {
              Places.Place place = places.of(w, id);
              var inode = w.inode(id).orElse(null);
              if (place != null
                  && inode != null
                  && place.directory().statIfPresent(place.name()) != null) {
                Kept.link(
                    w,
                    work,
                    KeptRecord.Reason.FOREIGN,
                    place.directory(),
                    place.name(),
                    Origin.of(w, EntryId.ROOT, place.name()),
                    inode);
              }
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }

  private void verify(Link current, boolean repair) {
    Thread.ofPlatform()
        .name("verify-" + name())
        .daemon()
        .start(
            () -> {
              try {
                Verify verify = new Verify(root, index, settings.processors());
                Frame.VerifyReply reply = verify.run();
                if (repair && !verify.differing().isEmpty()) {
                  queue.put(new Work.Repair(verify.differing()));
                }
                current.sendNow(reply);
              } catch (IOException | RuntimeException e) {
                LOG.warn("mirror {}: comparing failed", name(), e);
                current.close("comparing failed: " + e.getMessage());
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  /** Says that it holds all up to a position, and before it what of that could not be made. */
  private void acknowledge(Link current, Position position) throws IOException {
    Frame.Report last = reported;
    if (unmade() != (last == null ? 0 : last.unmade())) {
      report(current);
    }
    current.sendNow(new Frame.Ack(position));
  }

  private long unmade() {
    return unmade.of(index);
  }

  private void reportNews(Link current) throws IOException {
    Frame.Report now = report();
    if (!now.equals(reported) || System.nanoTime() - reportedNanos > REPORT_ANYWAY.toNanos()) {
      tell(current, now);
    }
  }

  private void report(Link current) throws IOException {
    tell(current, report());
  }

  private void tell(Link current, Frame.Report now) throws IOException {
    reported = now;
    reportedNanos = System.nanoTime();
    current.sendNow(now);
  }

  private Frame.Report report() {
    MirrorView view = view();
    List<Frame.PathProblem> first =
        view.problems().stream()
            .limit(20)
            .map(p -> new Frame.PathProblem(p.path().bytes(), p.reason()))
            .toList();
    return new Frame.Report(
        view.state().name(),
        view.entries(),
        view.bytes(),
        view.held(),
        first,
        view.problemCount(),
        unmade());
  }

  // ---- what others ask

  /** Takes over what of the settings may change while it runs: the guard and the command. */
  public void change(MirrorSettings next) {
    guard.allow(next.allowed());
    onChange.use(next.onChange());
    Link current = link;
    if (current != null && !current.isClosed()) {
      settings.shared().tell(current);
    }
  }

  /** Lets through what is held, and what would be held within that time. */
  public void approve(Duration validFor) throws InterruptedException {
    queue.put(new Work.Decided(Frame.Decision.APPROVE, validFor.toMillis()));
  }

  /**
   * @param pending what the tree may lack beside what the index says; empty where nothing
   */
  private CopyState copyIn(IndexReader read, String pending) {
    return CopyState.of(name(), read, true, pending);
  }

  /** How far the copy is. */
  public CopyState copy() {
    return (whole ? wholeCopy : doubtfulCopy).of(index);
  }

  /**
   * For how long it has lacked something of which the primary told, or might have, were it
   * connected; zero while it lacks nothing, and empty where it had not everything yet since the
   * agent was started. Of a primary that says nothing for longer than it should, nobody knows what
   * it has by now. Waits for no disk.
   */
  public Optional<Duration> lag() {
    Link current = link;
    Duration unheard = current == null ? Duration.ZERO : current.overdue();
    return state.lag().map(lag -> lag.compareTo(unheard) > 0 ? lag : unheard);
  }

  /** Whether it is connected, and has all of which the primary told by now, or holds it. */
  public boolean hasAll() {
    if (!isConnected() || failure != null) {
      return false;
    }
    StandbyDisplay.Indexed now = indexed.of(index);
    return now.complete() && !state.upTo().isAfter(now.position());
  }

  public MirrorView view() {
    HeldDeletions decisions = held;
    boolean restoring = decisions != null && decisions.isRestoring();
    return display.view(
        indexed.of(index),
        new StandbyDisplay.Live(isConnected(), coverage, question, failure, restoring));
  }

  @Override
  public void close() {
    closed = true;
    closing.countDown();
    connecting.completeExceptionally(new IOException("the mirror is being closed"));
    Link current = link;
    if (current != null) {
      current.close("stopping");
    }
    try {
      thread.join();
      Watcher opened = watcher;
      Thread looking = watching;
      if (opened != null && looking != null) {
        opened.wake();
        looking.interrupt();
        looking.join();
        opened.close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    stagers.shutdown();
    onChange.close();
    index.close();
  }
}

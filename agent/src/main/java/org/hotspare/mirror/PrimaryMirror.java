package org.hotspare.mirror;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.hotspare.index.Counts;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.LastRead;
import org.hotspare.index.Local;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.DirFd;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.Excludes;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.watch.Problems;
import org.hotspare.watch.SweptTree;
import org.hotspare.watch.Tracker;
import org.hotspare.watch.Watcher;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.hotspare.wire.ProtocolException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One mirror on its primary: follows the tree and serves the standbys that subscribe. */
public final class PrimaryMirror implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PrimaryMirror.class);

  /** The epoch after the last one that this node knows of. */
  public static final long NEXT_EPOCH = 0;

  private static final String HISTORY = "history";
  private static final String SYNCED = "synced";
  private static final Duration SYNC_EVERY = Duration.ofSeconds(30);

  /**
   * A standby that reads nothing for so long, and does not show either that it works on what it had
   * before, is disconnected.
   */
  private static final Duration STALLED = Duration.ofMinutes(5);

  /** File times and the clock of the last sync may be off by this much. */
  private static final long SLACK_SECONDS = 120;

  private final MirrorSettings settings;
  private final MirrorNews news;
  private final MirrorRoot root;
  private final Index index;
  private final Problems problems = new Problems();
  private final Watcher watcher;
  private final Tracker tracker;
  private final Rechecker rechecker;
  private final SweptTree swept;
  private final ExecutorService readers;
  private final Thread syncing;
  private final long epoch;
  private final Bytes history;

  /** The latest subscription of each standby; ended ones stay, to show how far they got. */
  private final Map<String, Subscription> subscriptions = new ConcurrentSkipListMap<>();

  /** How much there is, up to where. */
  private record Extent(Position head, Counts counts) {}

  private final LastRead<Extent> extents =
      new LastRead<>(index -> new Extent(index.head(), index.counts()));

  private volatile boolean closed;

  private PrimaryMirror(
      MirrorSettings settings,
      MirrorNews news,
      MirrorRoot root,
      Index index,
      long epoch,
      Watcher watcher) {
    this.settings = settings;
    this.news = news;
    this.root = root;
    this.index = index;
    this.watcher = watcher;
    Excludes excludes = Excludes.of(settings.excludes());
    this.tracker = new Tracker(root, index, watcher, excludes, problems, settings.processors());
    this.rechecker = new Rechecker(root, index, Rechecker.Numbers.of(tracker));
    this.swept =
        settings
            .sweep()
            .tree(Bytes.of(root.path().toString()), watcher::devices, rechecker::foundOpen);
    this.readers =
        Executors.newFixedThreadPool(
            2, Thread.ofPlatform().name("read-" + settings.name() + "-", 0).daemon().factory());
    this.syncing =
        Thread.ofPlatform().name("sync-" + settings.name()).daemon().unstarted(this::syncLoop);
    this.epoch = epoch;
    this.history = ensureHistory();
  }

  /** Opens the mirror's index and starts to follow its tree, in the epoch after the last one. */
  public static PrimaryMirror start(MirrorSettings settings, MirrorNews news) throws IOException {
    return start(settings, news, NEXT_EPOCH);
  }

  /**
   * The same in a given epoch.
   *
   * @throws IOException if the tree cannot be watched at all, if the copy never was complete, or if
   *     it was in that epoch or a later one before
   */
  public static PrimaryMirror start(MirrorSettings settings, MirrorNews news, long epoch)
      throws IOException {
    MirrorRoot root = MirrorRoot.of(settings.name(), settings.path(), settings.stateDirectory());
    root.enter().close();
    Index index = Indexes.open(settings.name(), settings.indexFile());
    try {
      boolean standby = isStandby(index);
      long opened = standby ? promote(settings, root, index, epoch) : openEpoch(index, epoch);
      Watcher watcher = TreeWatch.open(root, false);
      PrimaryMirror mirror = new PrimaryMirror(settings, news, root, index, opened, watcher);
      mirror.begin(standby);
      return mirror;
    } catch (IOException | RuntimeException e) {
      index.close();
      throw e;
    }
  }

  /**
   * @param standby whether the copy was a standby's, of which all is durable that its index has
   */
  private void begin(boolean standby) {
    if (!standby && !index.wasCleanlyClosed()) {
      rereadUnsynced();
    }
    tracker.onChange(() -> subscriptions.values().forEach(s -> s.sender.wake()));
    tracker.start();
    rechecker.start();
    syncing.start();
  }

  private static boolean isStandby(Index index) {
    try (Snapshot snapshot = index.snapshot()) {
      return StandbyState.isStandby(snapshot);
    }
  }

  private static long openEpoch(Index index, long wanted) throws IOException {
    long epoch = epoch(index, wanted);
    index.update(Durability.DURABLE, w -> w.openEpoch(epoch));
    return epoch;
  }

  private static long epoch(Index index, long wanted) throws IOException {
    long last;
    try (Snapshot snapshot = index.snapshot()) {
      last = Math.max(snapshot.head().epoch(), snapshot.lineage().head().epoch());
    }
    if (wanted != NEXT_EPOCH && wanted <= last) {
      throw new IOException("epoch %d comes after %d".formatted(wanted, last));
    }
    return wanted == NEXT_EPOCH ? last + 1 : wanted;
  }

  private static long promote(MirrorSettings settings, MirrorRoot root, Index index, long wanted)
      throws IOException {
    try (Snapshot snapshot = index.snapshot()) {
      if (!StandbyState.isComplete(snapshot)) {
        throw new IOException(
            "mirror %s: the first copy to this node was never complete".formatted(settings.name()));
      }
    }
    long epoch = epoch(index, wanted);
    OwnFiles own = new OwnFiles(Excludes.of(settings.excludes()));
    try (Workplace work = Workplace.enter(root)) {
      index.update(
          Durability.DURABLE,
          w -> {
            try {
              Promotion.run(w, work, own, !index.wasCleanlyClosed(), epoch);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw new IOException(
          "mirror %s cannot be promoted".formatted(settings.name()), e.getCause());
    }
    return epoch;
  }

  private Bytes ensureHistory() {
    try (Snapshot snapshot = index.snapshot()) {
      // It was made durable when it was made, or with the epoch.
      Bytes known = snapshot.fact(HISTORY).orElse(null);
      if (known != null) {
        return known;
      }
    }
    return index.write(
        Durability.DURABLE,
        w -> {
          Bytes known = w.fact(HISTORY).orElse(null);
          if (known != null) {
            return known;
          }
          UUID fresh = UUID.randomUUID();
          Bytes made =
              Bytes.wrap(
                  ByteBuffer.allocate(16)
                      .putLong(fresh.getMostSignificantBits())
                      .putLong(fresh.getLeastSignificantBits())
                      .array());
          w.putFact(HISTORY, made);
          return made;
        });
  }

  /**
   * After an unclean stop the disk may hold older content than the index: power went before it was
   * written. What changed since the last sync is read again.
   */
  private void rereadUnsynced() {
    List<EntryId> recent = new ArrayList<>();
    List<EntryId> unknown = new ArrayList<>();
    try (Snapshot snapshot = index.snapshot()) {
      long synced = syncedSeconds(snapshot);
      snapshot.inodes(
          inode -> {
            Local local = inode.local();
            if (inode.entry() instanceof Entry.RegularFile file && local != null) {
              if (!local.settled() || file.digest() == null) {
                // It may have been sent, and what was sent is not known here any more.
                unknown.add(inode.id());
              } else if (local.changed().seconds() >= synced) {
                recent.add(inode.id());
              }
            }
          });
    }
    LOG.info(
        "mirror {}: not stopped cleanly; {} files that changed last are read again",
        settings.name(),
        recent.size() + unknown.size());
    unknown.forEach(tracker::contentDiffers);
    recent.forEach(rechecker::check);
  }

  /** All that is in the tree by now is on the disk. */
  static void noteSynced(IndexWriter index) {
    noteSynced(index, System.currentTimeMillis() / 1000);
  }

  private static void noteSynced(IndexWriter index, long seconds) {
    index.putFact(SYNCED, Bytes.wrap(ByteBuffer.allocate(8).putLong(seconds).array()));
  }

  /** What changed earlier than this was on the disk when the index was written last. */
  static long syncedSeconds(IndexReader index) {
    return index.fact(SYNCED).map(PrimaryMirror::decode).orElse(0L) - SLACK_SECONDS;
  }

  private static long decode(Bytes stored) {
    return ByteBuffer.wrap(stored.array()).getLong();
  }

  /** Keeps short what has to be read again after a power loss. */
  private void syncLoop() {
    Position last = Position.NONE;
    long retainedNanos = System.nanoTime() - Retention.EVERY.toNanos();
    while (!closed) {
      try {
        Thread.sleep(SYNC_EVERY);
        closeStalled(STALLED);
        if (System.nanoTime() - retainedNanos >= Retention.EVERY.toNanos()) {
          retainedNanos = System.nanoTime();
          forgetDeletions(Retention.KEEP, Retention.CHANGES);
        }
        Position head = head();
        if (!head.equals(last)) {
          syncNow();
          last = head;
        }
      } catch (InterruptedException e) {
        return;
      } catch (IOException | RuntimeException e) {
        LOG.warn("mirror {}: cannot be synced to disk: {}", settings.name(), e.getMessage());
      }
    }
  }

  /**
   * Forgets what was deleted longer ago than {@code keep} and before the last {@code changes}, as
   * far as it was noted when that was; notes that it is now.
   */
  public void forgetDeletions(Duration keep, long changes) {
    Retention.forget(index, Durability.DURABLE, name(), keep, changes);
  }

  private void syncNow() throws IOException {
    long seconds = System.currentTimeMillis() / 1000;
    try (DirFd directory = root.enter()) {
      directory.syncfs();
    }
    index.update(Durability.DURABLE, w -> noteSynced(w, seconds));
  }

  private Position head() {
    try (Snapshot snapshot = index.snapshot()) {
      return snapshot.head();
    }
  }

  public String name() {
    return settings.name();
  }

  public long epoch() {
    return epoch;
  }

  // ---- standbys

  /** Serves one standby until its connection ends. Blocks. */
  public void serve(Link link, Frame.Subscribe request) throws IOException, InterruptedException {
    Lineage lineage;
    Frame.Mode mode;
    try (Snapshot snapshot = index.snapshot()) {
      lineage = snapshot.lineage();
      mode = mode(request, snapshot);
    }
    Position from =
        mode == Frame.Mode.INVENTORY || !request.history().equals(history)
            ? Position.NONE
            : request.position();
    link.send(new Frame.Subscribed(history, epoch, lineage, mode));
    link.sendNow(settings.shared().frame());
    news.tell(
        name(),
        MirrorNews.Topic.CONNECTION,
        "standby %s is connected (%s)".formatted(link.peer(), describe(mode)));
    Sender sender =
        new Sender(
            link, name(), index, tracker, readers, problems, from, mode, settings.processors());
    Subscription subscription = new Subscription(link, sender);
    Subscription before = subscriptions.put(link.peer(), subscription);
    if (before != null) {
      before.end();
    }
    if (closed) {
      // Whoever closed it did not know of this one yet.
      subscription.end();
    }
    Thread receiving =
        Thread.ofPlatform()
            .daemon()
            .name("receive-" + name() + "-" + link.peer())
            .start(() -> receive(subscription));
    try {
      sender.run();
    } finally {
      subscription.end();
      receiving.join();
      news.tell(name(), MirrorNews.Topic.CONNECTION, "standby %s is gone".formatted(link.peer()));
    }
  }

  private Frame.Mode mode(Frame.Subscribe request, IndexReader snapshot) {
    if (!request.history().equals(history)) {
      return request.emptyTree() ? Frame.Mode.FIRST_COPY : Frame.Mode.INVENTORY;
    }
    Lineage own = snapshot.lineage();
    boolean ahead = !own.contains(request.position()) || !own.contains(request.lineage().head());
    if (ahead) {
      return Frame.Mode.INVENTORY;
    }
    // To a tree that never had anything nothing has to be told of what was deleted.
    boolean neverHadAny = request.emptyTree() && request.position().equals(Position.NONE);
    if (!neverHadAny && !Retention.covers(snapshot, request.position())) {
      return Frame.Mode.INVENTORY;
    }
    return request.completeCopy() ? Frame.Mode.CHANGES : Frame.Mode.FIRST_COPY;
  }

  /**
   * Closes the connections of standbys that for so long have read nothing of what is sent to them,
   * nor worked on anything else. Each keeps a snapshot of the index meanwhile, and with it all that
   * is written to the index since. Who brings entries back shows that it works like any other.
   */
  public void closeStalled(Duration limit) {
    for (Subscription subscription : subscriptions.values()) {
      Link link = subscription.link;
      Duration blocked = link.blocked();
      Duration idle = link.idle();
      boolean stalled = blocked.compareTo(limit) > 0 && idle.compareTo(limit) > 0;
      if (stalled && !subscription.taking && !link.isClosed()) {
        String what =
            "read nothing for %d s, and worked on nothing for %d s"
                .formatted(blocked.toSeconds(), idle.toSeconds());
        String reason = "standby %s has %s".formatted(link.peer(), what);
        LOG.warn("mirror {}: {}; the connection is closed", name(), reason);
        news.tell(name(), MirrorNews.Topic.PROBLEM, reason);
        link.close("you have " + what);
      }
    }
  }

  private static String describe(Frame.Mode mode) {
    return switch (mode) {
      case FIRST_COPY -> "first copy";
      case CHANGES -> "changes only";
      case INVENTORY -> "comparing first";
    };
  }

  private void receive(Subscription subscription) {
    try {
      while (true) {
        Frame frame = subscription.link.receive();
        subscription.taking = true;
        take(subscription, frame);
        subscription.taking = false;
      }
    } catch (ProtocolException e) {
      refused(subscription.link, e);
    } catch (IOException e) {
      LOG.info("mirror {}: {}", name(), e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("mirror {}: serving {} failed", name(), subscription.link.peer(), e);
    } finally {
      subscription.end();
      RestoreWriter interrupted = subscription.restoring;
      if (interrupted != null) {
        interrupted.close();
      }
    }
  }

  private void refused(Link link, ProtocolException violation) {
    String reason =
        "standby %s broke the rules of the protocol: %s"
            .formatted(link.peer(), violation.getMessage());
    LOG.warn("mirror {}: {}; the connection is closed", name(), reason);
    news.tell(name(), MirrorNews.Topic.PROBLEM, reason);
    link.close("your frame breaks the rules: " + violation.getMessage());
  }

  private void take(Subscription subscription, Frame frame) throws IOException {
    switch (frame) {
      case Frame.Ack ack -> subscription.acknowledge(ack.position(), head());
      case Frame.Want want -> subscription.sender.want(want.ids());
      case Frame.Report report -> subscription.report = report;
      case Frame.Restore restore -> restoring(subscription).take(restore);
      case Frame.RestoreEnd end -> restored(subscription);
      case Frame.VerifyReply reply -> subscription.verified(reply);
      case Frame.Configured configured ->
          settings.shared().heard(subscription.link.peer(), configured);
      default ->
          throw new ProtocolException(
              "a standby does not send " + frame.getClass().getSimpleName());
    }
  }

  /** What a standby brings back is taken only after somebody rejected what it holds. */
  private static RestoreWriter restoring(Subscription subscription) throws ProtocolException {
    RestoreWriter writer = subscription.restoring;
    if (writer == null || !writer.mayBegin()) {
      throw new ProtocolException("entries are brought back that nobody asked for");
    }
    return writer;
  }

  private void restored(Subscription subscription) throws IOException {
    RestoreWriter told = restoring(subscription);
    if (!told.hasBegun()) {
      // It holds nothing.
      subscription.restoring = null;
      subscription.link.sendNow(new Frame.RestoreDone(0, 0));
      return;
    }
    try (RestoreWriter writer = told) {
      Frame.RestoreDone done = writer.finish();
      news.tell(
          name(),
          MirrorNews.Topic.HELD,
          "standby %s brought %d entries back; %d could not be restored"
              .formatted(subscription.link.peer(), done.entries(), done.failed()));
      subscription.link.sendNow(done);
    } finally {
      subscription.restoring = null;
      tracker.rescan("entries were brought back");
    }
  }

  /** One standby, connected or not. */
  private static final class Subscription {
    final Link link;
    final Sender sender;
    volatile Frame.@Nullable Report report;

    /** Set by who tells the standby to bring something back; used by the receiving thread. */
    volatile @Nullable RestoreWriter restoring;

    /**
     * Whether something that the standby said is being dealt with, which takes long at the end of a
     * restoration: what it says meanwhile is not heard. Set by the receiving thread.
     */
    volatile boolean taking;

    private final java.util.concurrent.SynchronousQueue<Frame.VerifyReply> verifications =
        new java.util.concurrent.SynchronousQueue<>();
    private volatile long behindSinceNanos;

    Subscription(Link link, Sender sender) {
      this.link = link;
      this.sender = sender;
    }

    void acknowledge(Position position, Position head) throws ProtocolException {
      sender.acknowledge(position);
      behindSinceNanos = position.isAfter(head) || position.equals(head) ? 0 : System.nanoTime();
    }

    void verified(Frame.VerifyReply reply) {
      if (!verifications.offer(reply)) {
        LOG.debug("a comparison was answered that nobody waits for");
      }
    }

    /** Whether it was told to, and did not say yet that it is done. */
    boolean isBringingBack() {
      RestoreWriter writer = restoring;
      return writer != null && !link.isClosed() && writer.mayBegin();
    }

    double lagSeconds(boolean behind) {
      if (!behind) {
        behindSinceNanos = 0;
        return 0;
      }
      if (behindSinceNanos == 0) {
        behindSinceNanos = System.nanoTime();
      }
      return (System.nanoTime() - behindSinceNanos) / 1e9;
    }

    void end() {
      sender.close();
      link.close();
    }
  }

  /** What has to be equal on all nodes has changed here. */
  public void tellShared() {
    subscriptions.values().stream()
        .filter(s -> !s.link.isClosed())
        .forEach(s -> settings.shared().tell(s.link));
  }

  // ---- the barrier

  /**
   * Waits until all that was written before the call is durable here and on the standbys.
   *
   * @return which standbys did not confirm in time, with the reason; empty where all did
   */
  public List<String> await(List<String> standbys, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    String absent = tracker.missing();
    if (absent != null) {
      return List.of(name() + ": " + absent);
    }
    try {
      Rechecker.Unchecked unchecked = rechecker.checkOpenFiles(swept, deadline);
      if (!unchecked.isNone()) {
        return List.of(name() + ": " + unchecked.words());
      }
      Tracker.Drained drained =
          tracker.drain().get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      if (!drained.unseen().isNone()) {
        return List.of(name() + ": " + drained.unseen().words());
      }
      syncNow();
      return awaitStandbys(standbys, drained.head(), deadline);
    } catch (TimeoutException e) {
      return List.of(name() + ": the tree is still being read");
    } catch (ExecutionException | IOException e) {
      return List.of(name() + ": " + e.getMessage());
    }
  }

  private List<String> awaitStandbys(List<String> standbys, Position head, long deadline)
      throws InterruptedException {
    while (true) {
      List<String> behind = new ArrayList<>();
      for (String node : standbys) {
        Subscription subscription = subscriptions.get(node);
        if (subscription == null || subscription.link.isClosed()) {
          behind.add(node + ": not connected (mirror " + name() + ")");
        } else if (head.isAfter(subscription.sender.acknowledged())) {
          behind.add(node + ": still catching up (mirror " + name() + ")");
        }
      }
      if (behind.isEmpty()) {
        // It tries again by itself, and most come then.
        behind.addAll(unmade(standbys));
      }
      if (behind.isEmpty() || System.nanoTime() > deadline) {
        return behind;
      }
      awaitAcknowledgement(standbys);
    }
  }

  /** What standbys that have everything could not make, as their filesystem refuses it. */
  private List<String> unmade(List<String> standbys) {
    List<String> incomplete = new ArrayList<>();
    for (String node : standbys) {
      Subscription subscription = subscriptions.get(node);
      Frame.Report report = subscription == null ? null : subscription.report;
      if (report != null && report.unmade() > 0) {
        String first =
            report.problems().isEmpty()
                ? ""
                : ": %s %s"
                    .formatted(
                        RelPath.parse(report.problems().getFirst().path()),
                        report.problems().getFirst().reason());
        incomplete.add(
            "%s: has all but %d entries, which cannot be made there (mirror %s)%s"
                .formatted(node, report.unmade(), name(), first));
      }
    }
    return incomplete;
  }

  private void awaitAcknowledgement(List<String> standbys) throws InterruptedException {
    for (String node : standbys) {
      Subscription subscription = subscriptions.get(node);
      if (subscription != null && !subscription.link.isClosed()) {
        synchronized (subscription.sender) {
          subscription.sender.wait(5);
        }
        return;
      }
    }
    TimeUnit.MILLISECONDS.sleep(50);
  }

  // ---- what operators say

  /** Lets through what is held. Answers in words, or null where nothing was held here. */
  public @Nullable String approve(Duration validFor) throws IOException {
    String absent = tracker.missing();
    subscriptions.values().forEach(s -> tell(s, Frame.Decision.APPROVE, validFor));
    if (absent != null) {
      root.adopt();
      return "the directory at " + root.path() + " is taken as it is now";
    }
    return null;
  }

  /**
   * Has what is held brought back: by the standbys that hold something or, where the root is gone,
   * the whole tree by the standby that has most of it. Answers in words, or null where nothing was
   * held here.
   *
   * @throws IOException if the root is gone and nobody can bring it back, or if a standby is at it
   *     already; then nothing was done
   */
  public synchronized @Nullable String reject() throws IOException {
    for (Subscription subscription : subscriptions.values()) {
      if (subscription.isBringingBack()) {
        throw new IOException(
            "standby %s is bringing entries back already: reject again once that is done"
                .formatted(subscription.link.peer()));
      }
    }
    if (tracker.missing() == null) {
      subscriptions.values().forEach(s -> bringBack(s, Frame.Decision.REJECT));
      return null;
    }
    Subscription furthest =
        subscriptions.values().stream()
            .filter(s -> !s.link.isClosed() && s.sender.isComplete())
            .max(Comparator.comparing(s -> s.sender.acknowledged()))
            .orElseThrow(
                () ->
                    new IOException(
                        "no standby with a complete copy is connected: nothing can be brought back"
                            + " to "
                            + root.path()));
    bringBack(furthest, Frame.Decision.REFILL);
    return "the directory at %s is filled again from %s"
        .formatted(root.path(), furthest.link.peer());
  }

  private void bringBack(Subscription subscription, Frame.Decision decision) {
    boolean wholeTree = decision == Frame.Decision.REFILL;
    subscription.restoring = new RestoreWriter(root, index, subscription.link.peer(), wholeTree);
    tell(subscription, decision, Duration.ZERO);
  }

  private void tell(Subscription subscription, Frame.Decision decision, Duration validFor) {
    try {
      if (!subscription.link.isClosed()) {
        subscription.link.sendNow(new Frame.Decide(decision, validFor.toSeconds()));
      }
    } catch (IOException e) {
      LOG.warn("mirror {}: {}", name(), e.getMessage());
    }
  }

  /** What one node found when it compared its content with its index. */
  public record Verified(
      String node, Frame.@Nullable VerifyReply reply, @Nullable String unreached) {}

  /** Compares content on this node and on all standbys. */
  public List<Verified> verify(String self, List<String> standbys, boolean repair)
      throws InterruptedException, IOException {
    List<Verified> all = new ArrayList<>();
    for (String node : standbys) {
      Subscription subscription = subscriptions.get(node);
      if (subscription == null || subscription.link.isClosed()) {
        all.add(new Verified(node, null, "not connected"));
        continue;
      }
      subscription.link.sendNow(new Frame.VerifyRequest(repair));
      Frame.VerifyReply reply = subscription.verifications.poll(1, TimeUnit.HOURS);
      all.add(new Verified(node, reply, reply == null ? "no answer" : null));
    }
    all.add(new Verified(self, new Verify(root, index, settings.processors()).run(), null));
    return all;
  }

  // ---- status

  public MirrorView view() {
    Extent extent = extents.of(index);
    List<MirrorView.StandbyView> standbys = new ArrayList<>();
    subscriptions.forEach((node, s) -> standbys.add(view(node, s, extent.head)));
    String absent = tracker.missing();
    return new MirrorView(
        name(),
        state(absent, standbys),
        extent.head,
        extent.counts.entries(),
        extent.counts.bytes(),
        tracker.coverage(),
        standbys,
        problems.first(100),
        problems.count(),
        held(absent, standbys),
        failure(),
        null);
  }

  private @Nullable String failure() {
    Throwable failed = tracker.failure();
    return failed == null ? null : String.valueOf(failed.getMessage());
  }

  private static @Nullable String held(
      @Nullable String absent, List<MirrorView.StandbyView> standbys) {
    if (absent != null) {
      return absent + "; nothing is deleted anywhere because of it";
    }
    for (MirrorView.StandbyView standby : standbys) {
      Frame.Report report = standby.report();
      String held = report == null ? null : report.held();
      if (held != null && standby.connected()) {
        return standby.node() + ": " + held;
      }
    }
    return null;
  }

  private MirrorView.State state(@Nullable String absent, List<MirrorView.StandbyView> standbys) {
    if (held(absent, standbys) != null) {
      return MirrorView.State.HELD;
    }
    if (failure() != null) {
      return MirrorView.State.DEGRADED;
    }
    if (tracker.isScanning()) {
      return MirrorView.State.SCANNING;
    }
    if (standbys.stream().noneMatch(MirrorView.StandbyView::connected)) {
      return MirrorView.State.OFFLINE;
    }
    if (standbys.stream().anyMatch(s -> s.connected() && !s.complete())) {
      return MirrorView.State.COPYING;
    }
    if (standbys.stream().anyMatch(s -> s.connected() && s.lagChanges() > 0)) {
      return MirrorView.State.CATCHING_UP;
    }
    return tracker.coverage().complete() && problems.count() == 0
        ? MirrorView.State.IN_SYNC
        : MirrorView.State.DEGRADED;
  }

  private MirrorView.StandbyView view(String node, Subscription subscription, Position head) {
    Position acknowledged = subscription.sender.acknowledged();
    long changes = head.isAfter(acknowledged) ? countChanges(acknowledged, head) : 0;
    return new MirrorView.StandbyView(
        node,
        !subscription.link.isClosed(),
        acknowledged,
        changes,
        0,
        subscription.lagSeconds(changes > 0),
        subscription.sender.isComplete(),
        subscription.report);
  }

  private long countChanges(Position after, Position upTo) {
    try (Snapshot snapshot = index.snapshot()) {
      return snapshot.countChanges(after, upTo);
    }
  }

  @Override
  public void close() {
    closed = true;
    subscriptions.values().forEach(Subscription::end);
    syncing.interrupt();
    swept.close();
    rechecker.close();
    tracker.close();
    readers.shutdown();
    watcher.close();
    try {
      // Whoever follows from here says that it has all this.
      syncNow();
    } catch (IOException | RuntimeException e) {
      LOG.warn("mirror {}: cannot be synced to disk: {}", settings.name(), e.getMessage());
    }
    index.close();
  }
}

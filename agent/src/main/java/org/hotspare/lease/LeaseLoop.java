package org.hotspare.lease;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.hotspare.linux.RawClock;
import org.hotspare.wire.Frame;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives a {@link LeaseMember}: the one thread that owns it takes what happened from a queue and
 * performs the steps that follow. In this thread nothing waits for a disk, a network or another
 * thread: promises are written by another, words to other members are handed over or lost. The gate
 * is set by calls of the kernel, which are short as a rule but may have to wait for others that
 * change the packet filter; while one does, the gate closes by itself.
 *
 * <p>Times are of CLOCK_MONOTONIC_RAW, which no clock daemon adjusts.
 */
public final class LeaseLoop implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LeaseLoop.class);

  /** What was said while this thread was not scheduled; the senders say it again. */
  private static final int UNHEARD = 1024;

  /** What happened, told to the member at a time. */
  @FunctionalInterface
  private interface Event {
    List<Step> tell(LeaseMember member, long nowNanos);
  }

  /**
   * What lets clients in only while the lease is held. Called by the lease's thread; a call takes
   * microseconds, unless the kernel makes it wait.
   */
  public interface Gate {
    /** See {@link Step.Arm}. */
    void arm(long epoch, long round, long validityNanos) throws IOException;

    /** See {@link Step.Select}. */
    void select(long epoch, long round) throws IOException;

    /** At once, whatever was armed. */
    void shut() throws IOException;
  }

  /** Is told what became of this node's lease, by the lease's thread: must not block. */
  public interface Listener {
    /** A majority endorses this node: it is to write the record, and then to {@link #begin}. */
    void endorsed(long epoch);

    void notEndorsed(long epoch, String reason);

    /** The first round of renewals was confirmed: from now on it holds the lease. */
    void holds(long epoch);

    /** It does not hold it any more; the gate is shut. */
    void over(long epoch, String reason);

    /** Whoever held it gave it up: it is free sooner than it was to be. */
    void freed();
  }

  /**
   * The lease as this node holds it.
   *
   * @param untilNanos of CLOCK_MONOTONIC_RAW
   */
  private record Held(long epoch, long untilNanos) {}

  /**
   * The lease as this node's own voter sees it.
   *
   * @param freeAtNanos of CLOCK_MONOTONIC_RAW
   */
  private record Voting(long freeAtNanos, long knownEpoch) {}

  private final LeaseMember member;
  private final Gate gate;
  private final Listener listener;
  private final PeerLinks peers;
  private final PromiseFile promises;
  private final DurationFile durations;
  private final SuspendWatch suspends =
      new SuspendWatch(RawClock::monotonicRawNanos, RawClock::bootNanos);
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final ExecutorService disk =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("promise").factory());
  private final Thread thread =
      Thread.ofPlatform().daemon().name("lease").unstarted(this::runUntilClosed);

  /** Of the lease's thread: who waits until others count, if anybody does. */
  private CompletableFuture<Void> counting = new CompletableFuture<>();

  private volatile @Nullable Held held;
  private volatile Voting voting;
  private volatile boolean closed;

  private LeaseLoop(
      LeaseMember member,
      Gate gate,
      Listener listener,
      PeerLinks peers,
      PromiseFile promises,
      DurationFile durations) {
    this.member = member;
    this.gate = gate;
    this.listener = listener;
    this.peers = peers;
    this.promises = promises;
    this.durations = durations;
    this.voting = new Voting(member.freeAtNanos(), member.knownEpoch());
  }

  /**
   * Votes from now on.
   *
   * @param voters the names of all voters, of this node too
   * @param promiseFile where this node remembers whom it endorsed; durable, and never copied.
   *     Beside it, in {@code lease-duration}, lies for how long it waits when it is started
   * @throws IOException if one of them cannot be read, or the second not be written
   */
  public static LeaseLoop start(
      String self,
      Set<String> voters,
      LeaseTimes times,
      Path promiseFile,
      Gate gate,
      Listener listener,
      PeerLinks peers)
      throws IOException {
    PromiseFile promises = new PromiseFile(promiseFile);
    DurationFile durations = new DurationFile(promiseFile.resolveSibling("lease-duration"));
    Duration former = durations.read();
    if (former.toMillis() < times.durationMillis()) {
      // Before it acknowledges anything that counts for so long.
      durations.write(times.durationMillis());
    }
    LeaseMember member =
        new LeaseMember(self, voters, times, promises.read(), former, RawClock.monotonicRawNanos());
    LeaseLoop loop = new LeaseLoop(member, gate, listener, peers, promises, durations);
    loop.thread.start();
    return loop;
  }

  // ---- what others say and ask; any thread

  /** A word of another member; lost if there are too many. */
  public void hear(String from, Frame.Lease lease) {
    if (events.size() < UNHEARD) {
      events.add((m, now) -> m.receive(from, lease, now));
    }
  }

  /** See {@link LeaseMember#campaign}. */
  public void campaign(long recordedEpoch, long over, Duration patience) {
    events.add((m, now) -> m.campaign(recordedEpoch, over, patience, now));
  }

  /** See {@link LeaseMember#begin}. */
  public void begin(long epoch) {
    events.add((m, now) -> m.begin(epoch, now));
  }

  /** See {@link LeaseMember#release}. */
  public void release(String reason) {
    events.add((m, now) -> m.release(reason, now));
  }

  /** The same where it holds the lease of that epoch. */
  public void release(long epoch, String reason) {
    events.add((m, now) -> m.heldEpoch() == epoch ? m.release(reason, now) : m.tick(now));
  }

  /** See {@link LeaseMember#withdraw}. */
  public void withdraw(String reason) {
    events.add((m, now) -> m.withdraw(reason, now));
  }

  /** See {@link LeaseMember#yieldTo}. */
  public void yieldTo(Set<String> voters, String reason) {
    events.add(
        (m, now) -> {
          counting = new CompletableFuture<>();
          return m.yieldTo(voters, reason, now);
        });
  }

  /**
   * See {@link LeaseMember#countBy}.
   *
   * @return done by the lease's thread when the majority of these counts, unless others are to
   *     count before that
   */
  public CompletableFuture<Void> countBy(Set<String> voters) {
    CompletableFuture<Void> counted = new CompletableFuture<>();
    events.add(
        (m, now) -> {
          counting = counted;
          return m.countBy(voters, now);
        });
    return counted;
  }

  /** See {@link LeaseMember#listen}. */
  public void listen(Duration atMost) {
    events.add((m, now) -> m.listen(atMost, now));
  }

  /** See {@link LeaseMember#heardAll}. */
  public void heardAll() {
    events.add(LeaseMember::heardAll);
  }

  /** The epoch for which this node holds the lease at this instant; 0 where it holds none. */
  public long heldEpoch() {
    Held now = held;
    return now != null && RawClock.monotonicRawNanos() - now.untilNanos < 0 ? now.epoch : 0;
  }

  /** Whether the lease is over at this instant, as this node's own voter sees it. */
  public boolean isOver() {
    return RawClock.monotonicRawNanos() - voting.freeAtNanos >= 0;
  }

  /** For how long this node's own voter endorses nobody else; zero where it would. */
  public Duration remaining() {
    long left = voting.freeAtNanos - RawClock.monotonicRawNanos();
    return left < 0 ? Duration.ZERO : Duration.ofNanos(left);
  }

  /** The highest epoch that this node's member knows of. */
  public long knownEpoch() {
    return voting.knownEpoch;
  }

  // ---- the lease's thread

  private void runUntilClosed() {
    Throwable failure = null;
    try {
      while (!closed) {
        turn();
      }
    } catch (InterruptedException e) {
      LOG.debug("the lease's thread ends");
    } catch (RuntimeException | Error e) {
      failure = e;
    }
    // Whether it saw that it is closed or was interrupted: what is left is not to be.
    var _ = Thread.interrupted();
    held = null;
    boolean isShut = shut();
    if (failure != null) {
      LOG.error("the lease's thread failed, the gate is shut: {}", isShut, failure);
      listener.over(member.heldEpoch(), "the lease's thread failed: " + failure);
    }
  }

  private void turn() throws InterruptedException {
    long now = RawClock.monotonicRawNanos();
    Event event = events.poll(member.dueNanos(now) - now, TimeUnit.NANOSECONDS);
    now = RawClock.monotonicRawNanos();
    if (suspends.happened()) {
      // The kernel's timeouts stood still, and so did this clock; the voters' did not.
      perform(member.release("the machine was suspended", now));
    }
    perform(event == null ? member.tick(now) : event.tell(member, now));
    now = RawClock.monotonicRawNanos();
    if (now - member.dueNanos(now) >= 0) {
      perform(member.tick(now));
    }
    publish();
  }

  private void publish() {
    long freeAt = member.freeAtNanos();
    boolean freed = freeAt - voting.freeAtNanos < 0;
    voting = new Voting(freeAt, member.knownEpoch());
    if (freed) {
      listener.freed();
    }
    Held before = held;
    long until = member.holdsUntilNanos();
    held = until == LeaseMember.NOT_HELD ? null : new Held(member.heldEpoch(), until);
    Held now = held;
    if (now != null && (before == null || before.epoch != now.epoch)) {
      listener.holds(now.epoch);
    }
  }

  private void perform(List<Step> steps) {
    for (Step step : steps) {
      try {
        perform(step);
      } catch (IOException e) {
        // Nobody is told: what was armed may stay open until it runs out.
        perform(
            member.abandon(
                "the gate cannot be set: " + e.getMessage(), RawClock.monotonicRawNanos()));
        LOG.error("the gate cannot be set", e);
        return;
      }
    }
  }

  private void perform(Step step) throws IOException {
    switch (step) {
      case Step.Persist persist -> disk.execute(() -> write(persist.promise()));
      case Step.Shorten shorten -> disk.execute(() -> write(shorten));
      case Step.Differs differs ->
          LOG.warn(
              "{} has a lease of {} ms configured, this node one of {} ms: this node's vote does not"
                  + " count for it until `lease: duration` is the same on both and the agents were"
                  + " restarted",
              differs.node(),
              differs.theirMillis(),
              differs.ownMillis());
      case Step.Send send -> peers.send(send.to(), send.message());
      case Step.Arm arm -> gate.arm(arm.epoch(), arm.round(), arm.validityNanos());
      case Step.Select select -> gate.select(select.epoch(), select.round());
      case Step.Endorsed endorsed -> listener.endorsed(endorsed.epoch());
      case Step.NotEndorsed not -> listener.notEndorsed(not.epoch(), not.reason());
      case Step.Counted _ -> {
        CompletableFuture<Void> waiting = counting;
        counting = new CompletableFuture<>();
        waiting.complete(null);
      }
      case Step.Over over -> {
        held = null;
        if (shut() && over.releases()) {
          perform(member.released(over.epoch(), RawClock.monotonicRawNanos()));
        }
        listener.over(over.epoch(), over.reason());
      }
    }
  }

  /**
   * @return false where the kernel refuses even that: what was armed runs out by itself, for which
   *     the voters wait
   */
  private boolean shut() {
    try {
      gate.shut();
      return true;
    } catch (IOException e) {
      LOG.error("the gate cannot be shut; what was armed runs out by itself", e);
      return false;
    }
  }

  // ---- the disk's thread

  private void write(Promise promise) {
    try {
      promises.write(promise);
    } catch (IOException e) {
      // Untold, it is none: the candidate asks another voter, or again.
      LOG.error("this voter cannot endorse {}: its promise cannot be written", promise, e);
      return;
    }
    events.add((m, now) -> m.persisted(promise, now));
  }

  private void write(Step.Shorten shorten) {
    try {
      durations.write(shorten.durationMillis());
    } catch (IOException e) {
      LOG.warn("this voter will wait for longer than it needs to when it is started next", e);
    }
  }

  /** The lease is not released by that: who wants it to be says so before. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    disk.shutdown();
    try {
      // Whoever starts it again writes the same file.
      disk.awaitTermination(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

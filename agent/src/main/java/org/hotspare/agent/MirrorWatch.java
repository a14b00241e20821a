package org.hotspare.agent;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.hotspare.failover.Follower;
import org.hotspare.failover.OwnCopy;
import org.hotspare.linux.RawClock;
import org.hotspare.mirror.CopyState;
import org.hotspare.mirror.MirrorView;
import org.hotspare.tree.Position;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the mirrors of this node say of its own copy and of its standbys, with since when it is so.
 * While they change their role, it is what it was before. Who asks does not wait for a disk: a
 * thread of its own looks.
 */
final class MirrorWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MirrorWatch.class);

  /** Whether a tree of which nothing was numbered counts as a whole copy. */
  enum Founding {
    FOUNDS,
    /** Another node may have one. */
    DOUBTFUL,
    NOT
  }

  /** A standby that lacked anything for no longer is next to nothing behind. */
  private static final double NEXT_TO_NOTHING_SECONDS = 0.5;

  /** How often it looks while something is not as it was the time before. */
  private static final long EVERY_NANOS = 100_000_000;

  /** The same once nothing has changed for a while. */
  private static final long CALM_EVERY_NANOS = 500_000_000;

  private static final long CALM_AFTER_NANOS = 5_000_000_000L;

  /** A disk that hangs for longer is a failing one. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Mirrors mirrors;
  private final Runnable changed;
  private final Thread thread =
      Thread.ofPlatform().daemon().name("role-watch").unstarted(this::run);

  /** One looks at a time, so that what is seen later is also told later. */
  private final Lock looking = new ReentrantLock();

  /** Guarded by that lock. */
  private Optional<Mirrors.Seen> last = Optional.empty();

  private volatile boolean closed;

  // ---- guarded by this

  private Map<String, CopyState> copies = Map.of();
  private Map<String, Follower> followers = Map.of();
  private Duration lag = Duration.ZERO;

  /** When something last arrived, or nothing was missing, and how far the copy was then. */
  private long arrivedNanos = RawClock.monotonicRawNanos();

  private Map<String, Position> lastReached = Map.of();

  /** Since when each standby is away or in sync. */
  private final Map<String, Long> awayNanos = new HashMap<>();

  private final Map<String, Long> steadyNanos = new HashMap<>();

  /** When it looked last, and what it found wrong then. */
  private long lookedNanos = RawClock.monotonicRawNanos();

  /** When that began which is known. */
  private long seenNanos = lookedNanos;

  private String failure = "";

  /**
   * @param changed told whenever something is not as it was
   */
  MirrorWatch(Mirrors mirrors, Runnable changed) {
    this.mirrors = mirrors;
    this.changed = changed;
  }

  void start() {
    thread.start();
  }

  private void run() {
    long newsNanos = System.nanoTime();
    while (!closed) {
      boolean news;
      try {
        news = lookForNews();
      } catch (RuntimeException e) {
        LOG.debug("the mirrors cannot be looked at; trying again", e);
        news = failed(e);
      }
      long now = System.nanoTime();
      if (news) {
        newsNanos = now;
        changed.run();
      }
      boolean calm = now - newsNanos > CALM_AFTER_NANOS;
      LockSupport.parkNanos(calm ? CALM_EVERY_NANOS : EVERY_NANOS);
    }
  }

  /** Answers whether that is news. */
  private synchronized boolean failed(RuntimeException e) {
    lookedNanos = RawClock.monotonicRawNanos();
    String before = failure;
    failure = "cannot be looked at: " + e.getMessage();
    return !failure.equals(before);
  }

  /** Looks at the mirrors as they are now, which waits for their disk. */
  void look() {
    var _ = lookForNews();
  }

  /** Answers whether they are not as they were, apart from how much time has passed. */
  private boolean lookForNews() {
    looking.lock();
    try {
      long now = RawClock.monotonicRawNanos();
      Optional<Mirrors.Seen> seen = mirrors.look();
      boolean news = !failure().isEmpty() || !seen.equals(last);
      last = seen;
      synchronized (this) {
        seen.ifPresent(found -> note(found, now));
        lookedNanos = RawClock.monotonicRawNanos();
        failure = "";
      }
      return news;
    } finally {
      looking.unlock();
    }
  }

  private synchronized String failure() {
    return failure;
  }

  /**
   * @param now when it began to look
   */
  private void note(Mirrors.Seen seen, long now) {
    seenNanos = now;
    copies = seen.copies();
    followers = followers(seen.primaries(), now);
    lag = lag(seen, now);
  }

  /** Why this node is not to be primary; empty where nothing is wrong with its mirrors. */
  synchronized String problem() {
    Duration silent = Duration.ofNanos(RawClock.monotonicRawNanos() - lookedNanos);
    return silent.compareTo(PATIENCE) > 0
        ? "do not answer for more than %d s".formatted(PATIENCE.toSeconds())
        : failure;
  }

  /**
   * @param sealedEpoch see {@link OwnCopy#sealedEpoch}
   * @param founds whether this node's tree of that mirror counts, whatever it is, where nothing was
   *     numbered in it yet
   */
  synchronized OwnCopy copy(long sealedEpoch, Function<String, Founding> founds) {
    Map<String, Position> head = new TreeMap<>();
    copies.forEach((name, copy) -> head.put(name, copy.head()));
    String neverComplete = copies.isEmpty() ? "the mirrors are being opened" : "";
    String incomplete = "";
    for (Map.Entry<String, CopyState> entry : copies.entrySet()) {
      CopyState copy = entry.getValue();
      Founding founding =
          copy.kind() == CopyState.Kind.NONE ? founds.apply(entry.getKey()) : Founding.NOT;
      if (founding == Founding.FOUNDS) {
        continue;
      }
      if (isNever(copy.kind()) && founding != Founding.DOUBTFUL) {
        neverComplete = neverComplete.isEmpty() ? copy.incomplete() : neverComplete;
      } else {
        incomplete = incomplete.isEmpty() ? copy.incomplete() : incomplete;
      }
    }
    boolean crashed = copies.values().stream().anyMatch(CopyState::crashed);
    return new OwnCopy(
        readable(), head, sealedEpoch, neverComplete, incomplete, lag, crashed, seenNanos);
  }

  /** Of what cannot be read nobody is told that there is nothing. */
  private Map<String, Position> readable() {
    Map<String, CopyState> readable = new TreeMap<>(copies);
    readable.values().removeIf(copy -> copy.kind() == CopyState.Kind.UNREADABLE);
    return durable(readable);
  }

  private static boolean isNever(CopyState.Kind kind) {
    return kind == CopyState.Kind.NONE || kind == CopyState.Kind.UNFINISHED;
  }

  /** Whether a copy has to be compared before it is known what it lacks. */
  synchronized boolean isUncompared() {
    return copies.values().stream().anyMatch(c -> c.kind() == CopyState.Kind.UNCOMPARED);
  }

  private static Map<String, Position> durable(Map<String, CopyState> copies) {
    Map<String, Position> durable = new TreeMap<>();
    copies.forEach((name, copy) -> durable.put(name, copy.durable()));
    return durable;
  }

  synchronized Map<String, Follower> followers() {
    return followers;
  }

  private Duration lag(Mirrors.Seen seen, long now) {
    if (seen.standbys().isEmpty()) {
      return seen.primaries().isEmpty() ? lag : Duration.ZERO;
    }
    Map<String, Position> reached = durable(seen.copies());
    if (seen.current() || !reached.equals(lastReached)) {
      // Under steady changes something always is on its way: what counts is that it arrives.
      lastReached = reached;
      arrivedNanos = now;
    }
    if (seen.current()) {
      return Duration.ZERO;
    }
    return seen.connected() ? Duration.ofNanos(now - arrivedNanos) : lag;
  }

  /** A standby is as far as in the mirror in which it is least. */
  private Map<String, Follower> followers(List<MirrorView> primaries, long now) {
    Map<String, Follower> all = new TreeMap<>();
    for (MirrorView mirror : primaries) {
      for (MirrorView.StandbyView standby : mirror.standbys()) {
        Follower one = follower(mirror.name(), standby);
        all.merge(standby.node(), one, MirrorWatch::least);
      }
    }
    all.entrySet().removeIf(at -> at.getValue().durable().size() < primaries.size());
    all.replaceAll((node, follower) -> dated(node, follower, now));
    awayNanos.keySet().retainAll(all.keySet());
    steadyNanos.keySet().retainAll(all.keySet());
    return all;
  }

  /** With one nanosecond where the time is still to be told. */
  private static Follower follower(String mirror, MirrorView.StandbyView standby) {
    var report = standby.report();
    boolean whole = standby.complete() && (report == null || report.unmade() == 0);
    boolean steady = standby.connected() && whole && standby.lagSeconds() < NEXT_TO_NOTHING_SECONDS;
    return new Follower(
        standby.connected() ? Duration.ZERO : Duration.ofNanos(1),
        steady ? Duration.ofNanos(1) : Duration.ZERO,
        whole,
        Duration.ofMillis((long) (standby.lagSeconds() * 1000)),
        Map.of(mirror, standby.position()));
  }

  private static Follower least(Follower one, Follower other) {
    Map<String, Position> durable = new TreeMap<>(one.durable());
    durable.putAll(other.durable());
    return new Follower(
        one.awayFor().isZero() ? other.awayFor() : one.awayFor(),
        one.inSyncFor().isZero() ? one.inSyncFor() : other.inSyncFor(),
        one.complete() && other.complete(),
        one.lag().compareTo(other.lag()) > 0 ? one.lag() : other.lag(),
        durable);
  }

  private Follower dated(String node, Follower follower, long now) {
    return new Follower(
        since(awayNanos, node, !follower.awayFor().isZero(), now),
        since(steadyNanos, node, !follower.inSyncFor().isZero(), now),
        follower.complete(),
        follower.lag(),
        follower.durable());
  }

  /** For how long it is so; at least one nanosecond, and zero where it is not. */
  private static Duration since(Map<String, Long> began, String node, boolean is, long now) {
    if (!is) {
      began.remove(node);
      return Duration.ZERO;
    }
    return Duration.ofNanos(now - began.computeIfAbsent(node, _ -> now) + 1);
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}

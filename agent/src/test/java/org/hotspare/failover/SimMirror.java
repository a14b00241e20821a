package org.hotspare.failover;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.hotspare.lease.SimWorld;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;

/**
 * One node's copy of one mirror, of which only the history counts: which positions it went through.
 * A primary's own is numbered first and durable later; a standby's is durable when it is
 * acknowledged.
 */
final class SimMirror {
  private static final String NAME = "tree";

  /** So many changes behind is in sync. */
  private static final long NEXT_TO_NOTHING = 20;

  /** What is sent to a standby. */
  record Sent(String from, long epoch, Lineage history, long atNanos) {}

  /** What it answers. */
  record Ack(long epoch, Position position, boolean complete) {}

  private static final class Standby {
    private long heardAt;
    private Position acked = Position.NONE;
    private boolean complete;
    private long inSyncSince;
    private long lastInSync;
    private boolean inSync;
  }

  private final SimWorld world;
  private final BrokenRule broken;
  private Lineage history = Lineage.EMPTY;
  private Lineage durable = Lineage.EMPTY;
  private boolean complete = true;
  private long life;

  /** Rises whenever something else is to be done. */
  private long course;

  // As a standby.
  private String follows = "";
  private long followEpoch;
  private long followedAt;
  private long sealedEpoch;
  private long receivedAt;
  private long appliedAt;
  private long slowUntil;

  // As a primary.
  private long openEpoch;

  /** The last change that came through the gate. */
  private Position ofClients = Position.NONE;

  private final Map<String, Standby> standbys = new HashMap<>();

  SimMirror(SimWorld world, BrokenRule broken) {
    this.world = world;
    this.broken = broken;
  }

  // ---- what befalls it

  void crash(boolean machine) {
    life++;
    if (machine) {
      history = durable;
    }
    follows = "";
    openEpoch = 0;
    standbys.clear();
  }

  /** The disk is a new one. */
  void lose() {
    history = Lineage.EMPTY;
    durable = Lineage.EMPTY;
    complete = false;
  }

  void slow(long nanos) {
    slowUntil = world.now() + nanos;
  }

  // ---- as a standby

  /** What is under way takes its time to end; until then changes are accepted. */
  void seal(long epoch) {
    long mine = ++course;
    long ofLife = life;
    world.after(
        world.random(0, 60_000_000),
        () -> {
          if (life == ofLife && course == mine) {
            sealed(epoch);
          }
        });
  }

  private void sealed(long epoch) {
    sealedEpoch = epoch;
    if (broken != BrokenRule.NOT_SEALED) {
      follows = "";
    }
  }

  void follow(String primary, long epoch) {
    course++;
    follows = primary;
    followEpoch = epoch;
    followedAt = world.now();
    sealedEpoch = 0;
    openEpoch = 0;
  }

  private boolean accepts(Sent sent) {
    boolean sealed = sealedEpoch >= sent.epoch() && broken != BrokenRule.NOT_SEALED;
    // What was sent on an earlier connection does not come on this one.
    boolean here = sent.atNanos() >= followedAt;
    return !sealed && here && sent.from().equals(follows) && sent.epoch() == followEpoch;
  }

  /** Makes it durable, if it may, and then says so. */
  void receive(Sent sent, Consumer<Ack> answer) {
    if (!accepts(sent)) {
      return;
    }
    receivedAt = Math.max(receivedAt, sent.atNanos());
    long delay = world.now() < slowUntil ? slowUntil - world.now() : 0;
    long ofLife = life;
    long copying = complete ? 0 : world.random(0, 5_000_000_000L);
    world.after(
        delay + copying + world.random(500_000, 20_000_000),
        () -> {
          if (life == ofLife && accepts(sent)) {
            apply(sent, answer);
          }
        });
  }

  private void apply(Sent sent, Consumer<Ack> answer) {
    if (!durable.contains(sent.history().head())) {
      durable = sent.history();
      history = durable;
    }
    complete = true;
    appliedAt = Math.max(appliedAt, sent.atNanos());
    answer.accept(new Ack(sent.epoch(), durable.head(), true));
  }

  // ---- as a primary

  void open(long epoch) {
    course++;
    follows = broken == BrokenRule.NOT_SEALED ? follows : "";
    history = history.withEnd(new Position(epoch, 0));
    durable = history;
    openEpoch = epoch;
    ofClients = Position.NONE;
    standbys.clear();
  }

  boolean isOpen() {
    return openEpoch > 0 && history.head().epoch() == openEpoch;
  }

  /**
   * @param byClient whether it came through the gate; else somebody on the machine did it
   */
  void write(boolean byClient) {
    history = history.withEnd(new Position(openEpoch, history.head().sequence() + 1));
    ofClients = byClient ? history.head() : ofClients;
    Lineage written = history;
    long ofLife = life;
    world.after(
        world.random(1_000_000, 200_000_000),
        () -> {
          if (life == ofLife && isOpen() && !durable.contains(written.head())) {
            durable = written;
          }
        });
  }

  Sent sent(String self) {
    return new Sent(self, openEpoch, history, world.now());
  }

  void acknowledged(String by, Ack ack) {
    if (ack.epoch() != openEpoch) {
      return;
    }
    Standby standby = standbys.computeIfAbsent(by, _ -> new Standby());
    if (ack.position().isAfter(standby.acked)) {
      standby.acked = ack.position();
    }
    standby.heardAt = world.now();
    standby.complete = ack.complete();
    long behind = history.head().sequence() - standby.acked.sequence();
    boolean inSync = standby.acked.epoch() == openEpoch && behind <= NEXT_TO_NOTHING;
    if (inSync && !standby.inSync) {
      standby.inSyncSince = world.now();
    }
    standby.inSync = inSync;
    if (inSync) {
      standby.lastInSync = world.now();
    }
  }

  Map<String, Follower> followers() {
    Map<String, Follower> followers = new HashMap<>();
    standbys.forEach((name, standby) -> followers.put(name, follower(standby)));
    return followers;
  }

  private Follower follower(Standby standby) {
    long silent = world.now() - standby.heardAt;
    boolean away = silent > 500_000_000;
    boolean inSync = standby.inSync && !away;
    if (away) {
      standby.inSync = false;
    }
    return new Follower(
        Duration.ofNanos(away ? silent : 0),
        Duration.ofNanos(inSync ? world.now() - standby.inSyncSince + 1 : 0),
        standby.complete,
        Duration.ofNanos(inSync ? 0 : world.now() - standby.lastInSync),
        Map.of(NAME, standby.acked));
  }

  /** Whether that standby has all that was written so far. */
  boolean hasAll(String name) {
    Standby standby = standbys.get(name);
    return standby != null && !history.head().isAfter(standby.acked);
  }

  /** How far all of these and this node's disk are; null where one has nothing of this epoch. */
  @Nullable Position durableAt(Iterable<String> names) {
    Position least = durable.head();
    for (String name : names) {
      Standby standby = standbys.get(name);
      if (standby == null || standby.acked.epoch() != openEpoch) {
        return null;
      }
      least = least.isAfter(standby.acked) ? standby.acked : least;
    }
    return least.epoch() == openEpoch ? least : null;
  }

  boolean isAway(String name) {
    Standby standby = standbys.get(name);
    return standby == null || world.now() - standby.heardAt > 500_000_000;
  }

  // ---- what is the case

  Lineage history() {
    return history;
  }

  /** What is safe here whatever happens. */
  Lineage durable() {
    return durable;
  }

  /** Whether the disk is not a new one that lacks everything. */
  boolean isComplete() {
    return complete;
  }

  /** Whether it has all that clients wrote there, or its disk was lost since. */
  boolean hadAllOf(SimMirror other) {
    return !complete || history.contains(other.ofClients);
  }

  OwnCopy copy(boolean crashed, long nowNanos) {
    boolean whole = complete || broken == BrokenRule.UNFINISHED_COPY;
    return new OwnCopy(
        Map.of(NAME, durable.head()),
        Map.of(NAME, history.head()),
        sealedEpoch,
        whole ? "" : "its first copy is not complete",
        "",
        Duration.ofNanos(Math.max(0, receivedAt - appliedAt)),
        crashed,
        nowNanos);
  }
}

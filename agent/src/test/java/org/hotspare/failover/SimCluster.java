package org.hotspare.failover;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.hotspare.lease.Roles;
import org.hotspare.lease.SimJudge;
import org.hotspare.lease.SimJudge.Violation;
import org.hotspare.lease.SimWorld;
import org.hotspare.tree.Position;

/**
 * A whole cluster in simulated time: the policy, the rules of the lease, a record, mirrors and
 * machines, in which everything goes wrong and operators interfere. After every step it checks what
 * {@link SimJudge} does, and that nothing a barrier confirmed is lost by a promotion.
 */
final class SimCluster {
  private static final List<String> NAMES = List.of("alpha", "beta", "gamma", "delta", "epsilon");
  private static final Order RESUME = new Order.Resume();
  private static final int NOTES = 30;

  private record Note(long at, String agent, Role role, String text) {}

  private final SimWorld world;
  private final SimJudge judge;
  private final SimRecord record;
  private final Map<String, SimAgent> agents = new TreeMap<>();
  private final Map<Long, Long> confirmed = new HashMap<>();
  private final Deque<Note> notes = new ArrayDeque<>();
  private final List<SimAgent> all;
  private final int voters;

  /** Whose service does not answer. */
  private String unwell = "";

  SimCluster(long seed, BrokenRule broken) {
    this.world = new SimWorld(seed);
    // Mostly a pair and a witness; sometimes more data nodes, sometimes a pair on its own.
    int size = world.chance(12) ? 2 : world.chance(3) ? 5 : 3;
    int dataNodes = size == 5 ? (int) world.random(2, 4) : world.chance(3) ? size : 2;
    this.voters = size;
    this.judge = new SimJudge(world, size);
    this.record = new SimRecord(this, broken);
    Set<String> names = new TreeSet<>(NAMES.subList(0, size));
    Set<String> holders = new TreeSet<>(NAMES.subList(0, dataNodes));
    boolean automatic = !world.chance(20);
    for (String name : names) {
      Settings settings =
          new Settings(
              name, holders, holders, names, automatic, Duration.ofSeconds(3), false, timing());
      agents.put(name, new SimAgent(settings, this, !holders.contains(name), broken));
    }
    this.all = List.copyOf(agents.values());
    all.forEach(SimAgent::start);
    disturb();
    work();
  }

  private static Timing timing() {
    return new Timing(
        Duration.ofMillis(300),
        Duration.ofSeconds(4),
        Duration.ofSeconds(1),
        Duration.ofSeconds(2),
        Duration.ofSeconds(2),
        Duration.ofSeconds(2),
        Duration.ofSeconds(2),
        Duration.ofMillis(500),
        Duration.ofSeconds(2),
        Duration.ofSeconds(4),
        Duration.ofSeconds(15),
        Duration.ofSeconds(60),
        6);
  }

  // ---- what agents ask of it

  SimWorld world() {
    return world;
  }

  SimJudge judge() {
    return judge;
  }

  SimRecord record() {
    return record;
  }

  SimAgent agent(String name) {
    SimAgent agent = agents.get(name);
    if (agent == null) {
      throw new AssertionError("there is no " + name);
    }
    return agent;
  }

  List<SimAgent> all() {
    return all;
  }

  boolean reachesMajority(SimAgent agent) {
    int reached = 0;
    for (SimAgent other : all) {
      if (other.runs() && world.isConnected(agent.name(), other.name())) {
        reached++;
      }
    }
    return reached > voters / 2;
  }

  /** What the checks of the primary say at that node. */
  Map<String, String> failing(SimAgent at) {
    String primary = record.current().roles().primary();
    boolean fails = !unwell.isEmpty() && unwell.equals(primary) && !at.name().equals(primary);
    return fails ? Map.of("http", "no answer") : Map.of();
  }

  void note(SimAgent agent, String text) {
    if (notes.size() == NOTES) {
      notes.removeFirst();
    }
    notes.add(new Note(world.now(), agent.name(), agent.role(), text));
  }

  // ---- what must hold

  /** A barrier passed. */
  void confirmed(Position at) {
    confirmed.merge(at.epoch(), at.sequence(), Math::max);
  }

  /** The record names another epoch now; what it was before. */
  void promoted(SimAgent by, Roles before) {
    Roles now = record.current().roles();
    judge.promoted(now.primary(), now.epoch());
    confirmed.forEach(
        (epoch, sequence) -> {
          Position position = new Position(epoch, sequence);
          if (!by.mirror().history().contains(position)) {
            throw new Violation(
                "%s was confirmed, and is not at %s, which was promoted to epoch %d"
                    .formatted(position, by.name(), now.epoch()));
          }
        });
    boolean moved = !before.primary().isEmpty() && !before.primary().equals(by.name());
    // Clocks run apart.
    long rest = by.failedFor().toNanos() * 9 / 10;
    if (moved && !by.wasAsked() && world.now() - by.blamedAt() < rest) {
      throw new Violation(by.name() + " is promoted again soon after that failed");
    }
    if (moved && before.pause() != null) {
      throw new Violation(by.name() + " is promoted under a pause");
    }
  }

  // ---- clients

  private void work() {
    world.after(
        world.random(5_000_000, 150_000_000),
        () -> {
          for (SimAgent agent : all) {
            agent.write();
            if (world.chance(2)) {
              agent.barrier();
            }
          }
          work();
        });
  }

  // ---- what goes wrong

  private void disturb() {
    world.after(
        world.random(0, 3 * world.times().durationNanos() / 2),
        () -> {
          if (!world.isCalm()) {
            disturbOnce();
          }
          disturb();
        });
  }

  private SimAgent any() {
    return all.get((int) world.random(0, all.size() - 1));
  }

  private SimAgent primary() {
    String primary = record.current().roles().primary();
    return primary.isEmpty() ? any() : agent(primary);
  }

  private void disturbOnce() {
    SimAgent agent = any();
    long duration = world.times().durationNanos();
    switch ((int) world.random(0, 23)) {
      case 0 -> restart(agent, world.chance(2));
      case 1, 2, 3 -> restart(primary(), world.chance(2));
      case 4 -> agent.node().stall(world.random(1_000_000, 2 * duration));
      case 5 -> primary().node().stall(world.random(1_000_000, 3 * duration));
      case 6 -> world.cutOff(agent.name(), agents.keySet());
      case 7, 8 -> world.cutOff(primary().name(), agents.keySet());
      case 9 -> world.cut(agent.name(), any().name());
      case 10 -> agent.mirror().slow(world.random(1_000_000, 2 * duration));
      case 11 -> loseDisk(agent);
      case 12 -> unwell = primary().name();
      case 13 -> failFor(agent, world.random(1_000_000, duration));
      case 14, 15, 16, 17 -> order(world.chance(6) ? agent : primary());
      default -> {
        world.mend();
        unwell = "";
      }
    }
  }

  /** And sometimes the primary is lost before it learns of that. */
  private void loseDisk(SimAgent agent) {
    if (world.chance(3) && agent.loseDisk()) {
      restart(agent, true);
      if (world.chance(2)) {
        restart(primary(), true);
      }
    }
  }

  private void failFor(SimAgent agent, long nanos) {
    agent.setOwnFailing(Map.of("disk", "hangs"));
    world.after(nanos, () -> agent.setOwnFailing(Map.of()));
  }

  /** It dies, or its machine does, and it is back after a while. */
  void restart(SimAgent agent, boolean machine) {
    agent.crash(machine);
    long life = agent.node().life();
    long duration = world.times().durationNanos();
    world.after(
        world.random(1_000_000, world.chance(2) ? duration / 4 : 4 * duration),
        () -> {
          if (agent.node().life() == life) {
            agent.start();
          }
        });
  }

  private void order(SimAgent agent) {
    if (agent.isWitness() || !agent.node().isUp()) {
      return;
    }
    long wall = world.now() / 1_000_000_000;
    Order order =
        switch ((int) world.random(0, 11)) {
          case 0 -> new Order.Pause("work", world.chance(2) ? 0 : wall + world.random(1, 30));
          case 1 -> new Order.Resume();
          case 2, 3, 4, 5, 6 -> new Order.Switchover("");
          case 7, 8 -> new Order.Failover(false, false);
          default -> new Order.Stop();
        };
    give(agent, order);
    if (order instanceof Order.Pause) {
      world.after(world.random(0, 6_000_000_000L), () -> give(primary(), new Order.Resume()));
    }
  }

  /** Whoever asked waits for an answer for a while. */
  private void give(SimAgent agent, Order order) {
    agent.order(order);
    world.after(
        10_000_000_000L,
        () -> {
          if (agent.isAsked(order)) {
            agent.order(new Order.None());
          }
        });
  }

  // ---- running it

  /** Whoever paused it, that is over. */
  private void resume() {
    if (record.current().roles().pause() != null && !primary().isAsked(RESUME)) {
      primary().order(RESUME);
    }
  }

  /** Lets things go wrong for a while, and then checks that all is well soon after they end. */
  void run(Duration troubled) {
    world.setCalm(false);
    world.runUntil(world.now() + troubled.toNanos());
    world.setCalm(true);
    unwell = "";
    for (SimAgent agent : all) {
      agent.setOwnFailing(Map.of());
      agent.order(new Order.None());
    }
    long deadline = world.now() + Duration.ofMinutes(2).toNanos();
    while (nobodyServes() && world.now() < deadline) {
      resume();
      world.runUntil(world.now() + world.times().renewalNanos());
    }
    if (nobodyServes()) {
      throw new Violation("nobody serves, though a majority can talk: " + agents.values());
    }
  }

  private boolean nobodyServes() {
    return all.stream().noneMatch(SimAgent::isServing);
  }

  /** What was decided last. */
  String story() {
    return notes.stream()
        .map(
            note ->
                "%.3f %s as %s: %s"
                    .formatted(note.at() / 1e9, note.agent(), note.role(), note.text()))
        .collect(Collectors.joining("\n  "));
  }

  long failovers() {
    return judge.failovers();
  }

  long promotions() {
    return judge.promotions();
  }
}

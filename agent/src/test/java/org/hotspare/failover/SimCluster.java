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
import org.hotspare.lease.ClusterRecord.Version;
import org.hotspare.lease.Roles;
import org.hotspare.lease.SimJudge;
import org.hotspare.lease.SimJudge.Violation;
import org.hotspare.lease.SimWorld;
import org.hotspare.tree.Position;

/**
 * A whole cluster in simulated time: the policy, the rules of the lease, a record, mirrors and
 * machines, in which everything goes wrong and operators interfere. After every step it checks what
 * {@link SimJudge} does, and that whoever may be promoted has all that a barrier confirmed. When
 * the trouble is over all must be well soon, and what operators ask for then must be done.
 */
final class SimCluster {
  private static final List<String> NAMES = List.of("alpha", "beta", "gamma", "delta", "epsilon");
  private static final Order RESUME = new Order.Resume();
  private static final int NOTES = 40;
  private static final Duration WELL_FOR = Duration.ofSeconds(5);

  private record Note(long at, String agent, Role role, String text) {}

  private final SimWorld world;
  private final SimJudge judge;
  private final Set<String> dataNodes;

  /** The one that counts: the last that was rebuilt. */
  private SimRecord record;

  private final Map<String, SimAgent> agents = new TreeMap<>();
  private final Map<Long, Long> confirmed = new HashMap<>();
  private final Deque<Note> notes = new ArrayDeque<>();
  private final List<SimAgent> all;

  /** Whose service does not answer. */
  private String unwell = "";

  SimCluster(long seed, BrokenRule broken) {
    this.world = new SimWorld(seed);
    // Mostly a pair and a witness; sometimes more data nodes, sometimes a pair on its own.
    boolean pair = broken == BrokenRule.RELEASED_WHILE_HELD || world.chance(6);
    int size = pair ? 2 : world.chance(3) ? 5 : 3;
    int copies = size == 5 ? (int) world.random(2, 4) : world.chance(3) ? size : 2;
    Set<String> names = new TreeSet<>(NAMES.subList(0, size));
    this.dataNodes = new TreeSet<>(NAMES.subList(0, copies));
    this.judge = new SimJudge(world, names);
    this.record = new SimRecord(this, broken, names, new Version(0, Roles.NONE));
    boolean automatic = !world.chance(20);
    boolean fence = size == 2 && world.chance(2);
    for (String name : names) {
      Settings settings =
          new Settings(
              name, dataNodes, dataNodes, names, automatic, Duration.ofSeconds(3), fence, timing());
      agents.put(name, new SimAgent(settings, this, !dataNodes.contains(name), broken));
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
    for (String voter : agent.record().voters()) {
      SimAgent other = agent(voter);
      if (other.runs()
          && other.record().equals(agent.record())
          && world.isConnected(agent.name(), voter)) {
        reached++;
      }
    }
    return reached > agent.record().voters().size() / 2;
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
  void confirmed(Position at, SimRecord by) {
    confirmed.merge(at.epoch(), at.sequence(), Math::max);
    if (by.equals(record)) {
      members()
          .forEach(
              member -> {
                if (!member.mirror().durable().contains(at)) {
                  throw new Violation(
                      "%s is confirmed, and %s, which may be promoted, does not have it"
                          .formatted(at, member.name()));
                }
              });
    }
  }

  /** Who may be promoted as the record has it, but for those whose disk was lost. */
  private List<SimAgent> members() {
    Set<String> names = new TreeSet<>(record.current().roles().promotable());
    names.add(record.current().roles().primary());
    return all.stream()
        .filter(agent -> names.contains(agent.name()) && agent.mirror().isComplete())
        .toList();
  }

  /** A record was written. */
  void written(SimRecord which) {
    if (which.equals(record)) {
      confirmed.forEach(
          (epoch, sequence) -> {
            Position position = new Position(epoch, sequence);
            for (SimAgent member : members()) {
              if (!member.mirror().durable().contains(position)) {
                throw new Violation(
                    "%s was confirmed, and %s, which may be promoted now, does not have it"
                        .formatted(position, member.name()));
              }
            }
          });
    }
  }

  /** From now on this one counts. */
  void rebuilt(SimRecord alone) {
    record = alone;
  }

  /** The record names another epoch now; what it was before. */
  void promoted(SimAgent by, Roles before, SimRecord in) {
    Roles now = in.current().roles();
    judge.promoted(now.primary(), now.epoch(), in.voters());
    if (by.isLossAccepted()) {
      confirmed.keySet().removeIf(epoch -> !has(by, epoch));
    }
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

  private boolean has(SimAgent agent, long epoch) {
    return agent
        .mirror()
        .history()
        .contains(new Position(epoch, confirmed.getOrDefault(epoch, 0L)));
  }

  /** The other of two machines is switched off, and comes back after a while. */
  void switchOff(Set<String> pair, SimAgent by) {
    for (String name : pair) {
      if (!name.equals(by.name())) {
        restart(agent(name), true);
      }
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
    switch ((int) world.random(0, 24)) {
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
      case 14 -> primary().failGate(world.random(1_000_000, 3 * duration));
      case 15, 16, 17, 18 -> order(world.chance(6) ? agent : primary());
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
        switch ((int) world.random(0, 13)) {
          case 0 -> new Order.Pause("work", world.chance(2) ? 0 : wall + world.random(1, 30));
          case 1 -> new Order.Resume();
          case 2, 3, 4, 5, 6 -> new Order.Switchover("");
          case 7, 8 -> new Order.Failover(world.chance(4), false);
          case 9, 10 -> new Order.Switchover(any().name());
          default -> new Order.Stop(0);
        };
    give(agent, order);
    if (order instanceof Order.Stop && world.chance(3)) {
      agent.failGate(8_000_000_000L);
    }
    if (order instanceof Order.Switchover && world.chance(3)) {
      world.after(world.random(0, 300_000_000), () -> pauseFor(any()));
    }
    if (order instanceof Order.Pause) {
      long until = world.chance(4) ? 40_000_000_000L : 6_000_000_000L;
      world.after(world.random(0, until), () -> give(primary(), new Order.Resume()));
    }
  }

  /** Somebody else wants hands off. */
  private void pauseFor(SimAgent agent) {
    if (!agent.isWitness() && agent.node().isUp()) {
      give(agent, new Order.Pause("elsewhere", world.now() / 1_000_000_000 + 6));
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
    requireAllWell("after the trouble");
    boolean rebuilt = record.voters().size() == 1;
    if (!rebuilt && world.chance(2)) {
      refuseALie();
    }
    if (!rebuilt && world.chance(2)) {
      stopThePrimary();
    }
    if (world.chance(2)) {
      surviveAlone();
    }
  }

  // ---- what must come about when nothing goes wrong any more

  /** All is well within minutes, and stays so for a while. */
  private void requireAllWell(String when) {
    long deadline = world.now() + Duration.ofMinutes(3).toNanos();
    long wellSince = world.now();
    String problem = problem();
    while (world.now() - wellSince < WELL_FOR.toNanos()) {
      resume();
      world.runUntil(world.now() + world.times().renewalNanos());
      problem = problem();
      wellSince = problem.isEmpty() ? wellSince : world.now();
      if (world.now() > deadline) {
        throw new Violation("not well %s: %s: %s".formatted(when, problem, agents.values()));
      }
    }
  }

  /** Why not all is well; empty where all is. */
  private String problem() {
    List<SimAgent> primaries = all.stream().filter(SimAgent::isPrimary).toList();
    if (primaries.size() != 1) {
      return "nobody serves, though a majority can talk";
    }
    SimAgent primary = primaries.getFirst();
    for (SimAgent agent : all) {
      boolean settled =
          agent.isWitness()
              || agent.equals(primary)
              || (agent.role() instanceof Role.Standby standby
                  && standby.follows().equals(primary.name()));
      if (!settled) {
        return agent.name() + " is no standby of " + primary.name();
      }
      if (agent.isOrdered()) {
        return agent.name() + " did not answer an order";
      }
    }
    Set<String> others = new TreeSet<>(dataNodes);
    others.remove(primary.name());
    if (!record.current().roles().promotable().equals(others)) {
      return "not all standbys may be promoted: " + record.current();
    }
    return primary.mayConfirm() ? "" : "no barrier passes at " + primary.name();
  }

  /** That all others are off is believed of nobody whom one of them contradicts. */
  private void refuseALie() {
    SimAgent standby = anyStandby();
    give(standby, new Order.Failover(true, true));
    requireAllWell("after somebody said that all were off");
    if (standby.lastAnswer().done()) {
      throw new Violation("it was believed that all others are off, though they answer");
    }
  }

  private SimAgent anyStandby() {
    List<SimAgent> standbys =
        all.stream().filter(agent -> !agent.isWitness() && !agent.isPrimary()).toList();
    return standbys.get((int) world.random(0, standbys.size() - 1));
  }

  /** Another node takes over from one that is stopped, soon, and without loss. */
  private void stopThePrimary() {
    SimAgent before = primary();
    if (all.stream().noneMatch(agent -> !agent.equals(before) && mayFollow(agent))) {
      return;
    }
    before.order(new Order.Stop(0));
    world.runUntil(world.now() + Duration.ofSeconds(5).toNanos());
    if (all.stream().noneMatch(agent -> agent.isServing() && !agent.equals(before))) {
      throw new Violation(
          "%s was stopped, and nobody took over: %s"
              .formatted(before.name(), before.lastAnswer().reason()));
    }
    requireAllWell("after the primary was stopped");
  }

  private static boolean mayFollow(SimAgent agent) {
    return !agent.isWitness() && agent.isWilling();
  }

  /**
   * All but one are lost, an operator has that one go on, and when the others return they follow.
   */
  private void surviveAlone() {
    SimAgent survivor = world.chance(2) ? anyStandby() : primary();
    List<SimAgent> others = all.stream().filter(agent -> !agent.equals(survivor)).toList();
    others.forEach(other -> other.crash(true));
    if (world.chance(2)) {
      survivor.crash(true);
      survivor.start();
    }
    long deadline = world.now() + Duration.ofSeconds(90).toNanos();
    boolean accepts = false;
    while (!survivor.isPrimary() || survivor.record().voters().size() > 1) {
      if (!survivor.isOrdered() && !survivor.isPrimary()) {
        accepts |= survivor.lastAnswer().reason().contains("--accept-loss");
        survivor.order(new Order.Failover(accepts, true));
      }
      world.runUntil(world.now() + world.times().renewalNanos());
      if (world.now() > deadline) {
        throw new Violation("the only one that is left does not serve: " + survivor);
      }
    }
    for (SimAgent other : others) {
      world.after(world.random(0, 5_000_000_000L), other::start);
    }
    world.runUntil(world.now() + Duration.ofSeconds(10).toNanos());
    requireAllWell("after the others returned to the one that was left");
    if (!survivor.isPrimary()) {
      throw new Violation("those that returned outvoted " + survivor);
    }
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

package org.hotspare.lease;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A whole cluster in simulated time, in which everything goes wrong: beside what befalls messages
 * ({@link SimWorld}), agents are stalled between any two steps, die and start again, machines lose
 * power, clocks run apart within the bound, and in some clusters agents are started again with
 * another duration of the lease. {@link SimJudge} looks on.
 */
final class SimCluster {
  private static final String[] NAMES = {"alpha", "beta", "gamma", "delta", "epsilon"};

  private final SimWorld world;
  private final SimJudge judge;
  private final Map<String, SimMember> members = new HashMap<>();
  private final List<SimMember> all = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private final LeaseTimes times;

  /** The times with which agents are started again. */
  private final List<LeaseTimes> durations;

  private String recordedPrimary = "";
  private long fencedEpoch;

  SimCluster(long seed, Breach breach) {
    this.world = new SimWorld(seed);
    this.times = world.times();
    this.durations =
        world.chance(3) ? List.of(times, LeaseTimes.of(Duration.ofSeconds(6))) : List.of(times);
    int size = world.chance(4) ? 5 : 3;
    Set<String> voters = new TreeSet<>(List.of(NAMES).subList(0, size));
    Majority majority =
        breach == Breach.NO_MAJORITY
            ? new Majority(Majority.of(voters).voters(), size / 2)
            : Majority.of(voters);
    this.judge = new SimJudge(world, voters);
    for (String name : voters) {
      SimMember member = new SimMember(name, this, majority, breach);
      names.add(name);
      members.put(name, member);
      all.add(member);
    }
    all.forEach(SimMember::start);
    disturb();
  }

  // ---- what members ask of it

  SimWorld world() {
    return world;
  }

  SimJudge judge() {
    return judge;
  }

  SimMember member(String name) {
    SimMember member = members.get(name);
    if (member == null) {
      throw new AssertionError("a message to nobody: " + name);
    }
    return member;
  }

  long recordedEpoch() {
    return judge.recordedEpoch();
  }

  /** The epoch whose holder, and all before it, a fence has confirmed off. */
  long fencedEpoch() {
    return fencedEpoch;
  }

  /** The register of the cluster, by compare-and-set. */
  boolean record(String node, long epoch) {
    if (epoch <= recordedEpoch()) {
      return false;
    }
    judge.promoted(node, epoch);
    recordedPrimary = node;
    return true;
  }

  // ---- what goes wrong

  private void disturb() {
    world.after(
        world.random(0, 2 * times.durationNanos()),
        () -> {
          if (!world.isCalm()) {
            disturbOnce();
          }
          disturb();
        });
  }

  private SimMember any() {
    return all.get((int) world.random(0, all.size() - 1));
  }

  private void disturbOnce() {
    SimMember member = any();
    switch ((int) world.random(0, durations.size() == 1 ? 9 : 12)) {
      case 0, 1 -> crash(member, world.chance(2));
      case 2 -> member.node().stall(world.random(1_000_000, 3 * times.durationNanos()));
      case 3 -> member.node().release("a planned change");
      case 4 -> world.cutOff(member.node().name(), names);
      case 5 -> world.cut(member.node().name(), any().node().name());
      case 6 -> fence();
      case 7 -> crashPrimary();
      case 8 -> congest();
      case 10, 11, 12 -> reconfigure(member);
      default -> world.mend();
    }
  }

  private void crash(SimMember member, boolean machine) {
    SimNode node = member.node();
    node.crash(machine);
    long life = node.life();
    long off = world.chance(2) ? times.validityNanos() / 4 : 4 * times.durationNanos();
    world.after(
        world.random(1_000_000, off),
        () -> {
          if (node.life() == life) {
            member.start();
          }
        });
  }

  /** Its operator has changed the duration. */
  private void reconfigure(SimMember member) {
    member.node().configure(durations.get((int) world.random(0, durations.size() - 1)));
    crash(member, false);
  }

  private void crashPrimary() {
    SimMember primary = members.get(recordedPrimary);
    if (primary != null) {
      crash(primary, world.chance(2));
    }
  }

  /** The power of the recorded primary is cut, and that is confirmed. */
  private void fence() {
    SimMember primary = members.get(recordedPrimary);
    if (primary != null) {
      crash(primary, true);
      fencedEpoch = recordedEpoch();
    }
  }

  /** What comes to the recorded primary queues up, what it sends is lost, and then it hangs. */
  private void congest() {
    SimMember primary = members.get(recordedPrimary);
    if (primary == null) {
      return;
    }
    long queued = world.random(times.validityNanos() / 2, times.durationNanos());
    world.congest(recordedPrimary, queued);
    String name = recordedPrimary;
    names.forEach(other -> world.cut(name, other, false));
    world.after(
        world.random(queued / 2, queued + times.renewalNanos()),
        () -> primary.node().stall(world.random(1_000_000, 2 * times.durationNanos())));
    world.after(
        world.random(queued, 2 * times.durationNanos()),
        () -> {
          world.congest("", 0);
          world.mend();
        });
  }

  // ---- running it

  /** Lets things go wrong for a while, and then checks that all is well soon after they end. */
  void run(Duration troubled) {
    world.setCalm(false);
    world.runUntil(world.now() + troubled.toNanos());
    world.setCalm(true);
    agree();
    long deadline = world.now() + 20 * times.durationNanos();
    while (nobodyServes() && world.now() < deadline) {
      world.runUntil(world.now() + times.renewalNanos());
    }
    if (nobodyServes()) {
      throw new SimJudge.Violation("nobody serves, though a majority can talk");
    }
  }

  /** All have one duration again, as operators are told. */
  private void agree() {
    for (SimMember member : all) {
      member.node().configure(times);
      if (member.node().isUp() && !member.node().times().equals(times)) {
        member.node().crash(false);
        member.start();
      }
    }
  }

  private boolean nobodyServes() {
    return all.stream().noneMatch(member -> member.node().isServing());
  }

  long failovers() {
    return judge.failovers();
  }

  long promotions() {
    return judge.promotions();
  }
}

package org.hotspare.lease;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.hotspare.wire.Frame.Lease;

/**
 * A whole cluster in simulated time, in which everything goes wrong: messages are lost, doubled,
 * delayed and overtake each other, links are cut in one direction or both, agents are stalled
 * between any two steps, die and start again, machines lose power, clocks run apart within the
 * bound. After every step it checks that no two gates are open, that epochs grow, and that nobody
 * began without a majority.
 *
 * <p>Everything comes from one seed. Times are in nanoseconds of a clock that no node sees.
 */
final class SimCluster {
  /** A rule of the lease was broken. */
  static final class Violation extends AssertionError {
    private static final long serialVersionUID = 1L;

    Violation(String message) {
      super(message);
    }
  }

  private static final String[] NAMES = {"alpha", "beta", "gamma", "delta", "epsilon"};

  private record Event(long at, long number, Runnable work) {}

  private record Cut(String from, String to) {}

  private final SplittableRandom random;
  private final LeaseTimes times = LeaseTimes.of(Duration.ofSeconds(2));
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (a, b) ->
              a.at() != b.at()
                  ? Long.compare(a.at(), b.at())
                  : Long.compare(a.number(), b.number()));
  private final Map<String, SimNode> nodes = new HashMap<>();
  private final List<SimNode> all = new ArrayList<>();
  private final Majority voters;
  private final Set<Cut> cuts = new HashSet<>();
  private final Map<Long, Map<String, String>> promises = new HashMap<>();
  private long now;
  private long number;
  private boolean calm;

  /** Whatever comes to this node takes so much longer. */
  private String congested = "";

  private long queuedNanos;

  private long recordedEpoch;
  private String recordedPrimary = "";
  private long servingEpoch;
  private String servingNode = "";
  private long fencedEpoch;
  private long promotions;
  private long failovers;

  SimCluster(long seed, Breach breach) {
    this.random = new SplittableRandom(seed);
    int size = random.nextInt(4) == 0 ? 5 : 3;
    Set<String> names = new TreeSet<>(List.of(NAMES).subList(0, size));
    this.voters =
        breach == Breach.NO_MAJORITY
            ? new Majority(Majority.of(names).voters(), size / 2)
            : Majority.of(names);
    double apart = breach == Breach.CLOCKS_APART ? 0.4 : 0.08;
    for (String name : names) {
      double rate = 1 + apart * (2 * random.nextDouble() - 1);
      SimNode node = new SimNode(name, this, breach, rate, random.nextLong(1L << 50));
      nodes.put(name, node);
      all.add(node);
    }
    all.forEach(SimNode::start);
    disturb();
  }

  // ---- what nodes ask of it

  long now() {
    return now;
  }

  LeaseTimes times() {
    return times;
  }

  Majority voters() {
    return voters;
  }

  long random(long from, long to) {
    return random.nextLong(from, to + 1);
  }

  void after(long nanos, Runnable work) {
    events.add(new Event(now + nanos, number++, work));
  }

  /** Renewals are many and changes of the holder few, but each step of these may go wrong, too. */
  void mayStall(SimNode node, Step after) {
    boolean renewing =
        after instanceof Step.Arm
            || after instanceof Step.Select
            || (after instanceof Step.Send send
                && (send.message() instanceof Lease.Renewal
                    || send.message() instanceof Lease.Renewed));
    if (!calm && random.nextInt(renewing ? 400 : 20) == 0) {
      node.stall(random(1_000_000, 2 * times.durationNanos()));
    }
  }

  void send(SimNode from, String name, Lease message) {
    SimNode to = nodes.get(name);
    if (to == null) {
      throw new AssertionError("a message to nobody: " + name);
    }
    int copies = calm ? 1 : random.nextInt(30) == 0 ? 2 : random.nextInt(20) == 0 ? 0 : 1;
    for (int i = 0; i < copies; i++) {
      boolean late = !calm && random.nextInt(25) == 0;
      long longest = random.nextBoolean() ? times.durationNanos() : 3 * times.durationNanos();
      long queued = name.equals(congested) ? queuedNanos : 0;
      long delay = queued + (late ? random(0, longest) : random(50_000, 5_000_000));
      Cut link = new Cut(from.name, name);
      // Behind the place of the cut already, or before it when the message comes there.
      boolean behind = random.nextBoolean() && !cuts.contains(link);
      after(
          delay,
          () -> {
            if (to.isUp() && (behind || !cuts.contains(link))) {
              to.receive(from, message);
            }
          });
    }
  }

  long recordedEpoch() {
    return recordedEpoch;
  }

  /** The epoch whose holder, and all before it, a fence has confirmed off. */
  long fencedEpoch() {
    return fencedEpoch;
  }

  void promised(String voter, Promise promise) {
    promises.computeIfAbsent(promise.epoch(), _ -> new HashMap<>()).put(voter, promise.candidate());
  }

  /** The register of the cluster, by compare-and-set. */
  boolean record(String node, long epoch) {
    if (epoch <= recordedEpoch) {
      return false;
    }
    long endorsements =
        promises.getOrDefault(epoch, Map.of()).values().stream().filter(node::equals).count();
    if (endorsements < voters.voters().size() / 2 + 1) {
      throw new Violation(node + " was promoted to epoch " + epoch + " without a durable majority");
    }
    recordedEpoch = epoch;
    recordedPrimary = node;
    promotions++;
    return true;
  }

  /** A gate may have opened: it must be the only one. */
  void selected(SimNode node, long epoch) {
    if (!node.gate.isOpen(now)) {
      return;
    }
    for (SimNode other : all) {
      if (other != node && other.gate.isOpen(now)) {
        throw new Violation("two gates are open: those of " + node.name + " and " + other.name);
      }
    }
    if (epoch < servingEpoch || (epoch == servingEpoch && !node.name.equals(servingNode))) {
      throw new Violation("epoch " + epoch + " serves after epoch " + servingEpoch);
    }
    if (!node.name.equals(servingNode)) {
      failovers++;
    }
    servingEpoch = epoch;
    servingNode = node.name;
  }

  // ---- what goes wrong

  private void disturb() {
    after(
        random(0, 2 * times.durationNanos()),
        () -> {
          if (!calm) {
            disturbOnce();
          }
          disturb();
        });
  }

  private void disturbOnce() {
    SimNode node = all.get(random.nextInt(all.size()));
    switch (random.nextInt(10)) {
      case 0, 1 -> crash(node, random.nextBoolean());
      case 2 -> node.stall(random(1_000_000, 3 * times.durationNanos()));
      case 3 -> node.release();
      case 4 -> cutOff(node);
      case 5 -> cut(node, all.get(random.nextInt(all.size())));
      case 6 -> fence();
      case 7 -> crashPrimary();
      case 8 -> congest();
      default -> cuts.clear();
    }
  }

  private void crash(SimNode node, boolean machine) {
    node.crash(machine);
    long life = node.life();
    long off = random.nextBoolean() ? times.validityNanos() / 4 : 4 * times.durationNanos();
    after(
        random(1_000_000, off),
        () -> {
          if (node.life() == life) {
            node.start();
          }
        });
  }

  private void crashPrimary() {
    SimNode primary = nodes.get(recordedPrimary);
    if (primary != null) {
      crash(primary, random.nextBoolean());
    }
  }

  /** The power of the recorded primary is cut, and that is confirmed. */
  private void fence() {
    SimNode primary = nodes.get(recordedPrimary);
    if (primary != null) {
      crash(primary, true);
      fencedEpoch = recordedEpoch;
    }
  }

  /** What comes to the recorded primary queues up, what it sends is lost, and then it hangs. */
  private void congest() {
    SimNode primary = nodes.get(recordedPrimary);
    if (primary == null) {
      return;
    }
    congested = recordedPrimary;
    queuedNanos = random(times.validityNanos() / 2, times.durationNanos());
    all.forEach(other -> cuts.add(new Cut(primary.name, other.name)));
    after(
        random(queuedNanos / 2, queuedNanos + times.renewalNanos()),
        () -> primary.stall(random(1_000_000, 2 * times.durationNanos())));
    after(
        random(queuedNanos, 2 * times.durationNanos()),
        () -> {
          congested = "";
          cuts.clear();
        });
  }

  private void cutOff(SimNode node) {
    int directions = random.nextInt(3);
    for (SimNode other : all) {
      if (directions != 0) {
        cuts.add(new Cut(node.name, other.name));
      }
      if (directions != 1) {
        cuts.add(new Cut(other.name, node.name));
      }
    }
  }

  private void cut(SimNode one, SimNode other) {
    cuts.add(new Cut(one.name, other.name));
    if (random.nextBoolean()) {
      cuts.add(new Cut(other.name, one.name));
    }
  }

  // ---- running it

  private void runUntil(long until) {
    while (!events.isEmpty() && events.peek().at() <= until) {
      Event event = events.remove();
      now = event.at();
      event.work().run();
    }
    now = until;
  }

  /** Lets things go wrong for a while, and then checks that all is well soon after they end. */
  void run(Duration troubled) {
    calm = false;
    runUntil(now + troubled.toNanos());
    calm = true;
    congested = "";
    cuts.clear();
    long deadline = now + 20 * times.durationNanos();
    while (all.stream().noneMatch(SimNode::isServing) && now < deadline) {
      runUntil(now + times.renewalNanos());
    }
    if (all.stream().noneMatch(SimNode::isServing)) {
      throw new Violation("nobody serves, though a majority can talk");
    }
  }

  /** How often another node than before began to serve. */
  long failovers() {
    return failovers;
  }

  /** How often the record was written. */
  long promotions() {
    return promotions;
  }
}

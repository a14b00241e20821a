package org.hotspare.lease;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.LongFunction;
import org.hotspare.wire.Frame.Lease;
import org.jspecify.annotations.Nullable;

/**
 * One simulated machine: a clock of its own, an agent that performs one step at a time and may be
 * stalled before each, a disk, and a gate.
 */
final class SimNode {
  final String name;
  final SimGate gate;
  private final SimCluster cluster;
  private final Breach breach;
  private final double rate;
  private final long offset;

  /** What its disk holds. */
  Promise durable = Promise.NONE;

  private @Nullable LeaseMember member;
  private final Deque<LongFunction<List<Step>>> inbox = new ArrayDeque<>();
  private final Deque<Step> steps = new ArrayDeque<>();
  private long stalledUntil;

  /** Events of an agent that has died since are void. */
  private long life;

  private long diskFreeAt;
  private boolean scheduled;
  private long heardOfPrimary;

  SimNode(String name, SimCluster cluster, Breach breach, double rate, long offset) {
    this.name = name;
    this.cluster = cluster;
    this.breach = breach;
    this.rate = rate;
    this.offset = offset;
    this.gate = new SimGate(breach == Breach.SET_FILLED_AGAIN);
  }

  private long clock() {
    return offset + (long) (cluster.now() * rate);
  }

  boolean isUp() {
    return member != null;
  }

  boolean isServing() {
    LeaseMember current = member;
    return current != null && current.holds(clock()) && gate.isOpen(cluster.now());
  }

  long life() {
    return life;
  }

  // ---- what befalls it

  void start() {
    life++;
    SimVoter voter = new SimVoter(breach, cluster.times(), durable, clock());
    member = new LeaseMember(name, cluster.voters(), cluster.times(), voter);
    heardOfPrimary = cluster.now();
    tickAfter(0, life);
    considerAfter(cluster.random(0, 3 * cluster.times().durationNanos()), life);
  }

  /** The process dies; the kernel and its gate live on, unless the machine dies with it. */
  void crash(boolean machine) {
    life++;
    member = null;
    inbox.clear();
    steps.clear();
    scheduled = false;
    stalledUntil = 0;
    if (machine) {
      gate.close();
    }
  }

  void stall(long nanos) {
    stalledUntil = Math.max(stalledUntil, cluster.now() + nanos);
  }

  void receive(SimNode from, Lease message) {
    switch (message) {
      case Lease.Renewal renewal -> heardOfPrimary = cluster.now();
      case Lease.Release release ->
          heardOfPrimary = cluster.now() - 2 * cluster.times().durationNanos();
      default -> {}
    }
    deliver(now -> member().receive(from.name, message, now));
  }

  void release() {
    deliver(now -> member().release("a planned change", now));
  }

  private LeaseMember member() {
    if (member == null) {
      throw new AssertionError("a dead agent was called");
    }
    return member;
  }

  private void deliver(LongFunction<List<Step>> input) {
    if (member != null) {
      inbox.add(input);
      schedule();
    }
  }

  private void tickAfter(long nanos, long ofLife) {
    cluster.after(
        nanos,
        () -> {
          if (life == ofLife) {
            deliver(now -> member().tick(now));
            tickAfter(cluster.times().renewalNanos() / 4, ofLife);
          }
        });
  }

  /** What stands in for the policy: whoever hears of no primary stands for election. */
  private void considerAfter(long nanos, long ofLife) {
    long duration = cluster.times().durationNanos();
    cluster.after(
        nanos,
        () -> {
          if (life != ofLife) {
            return;
          }
          boolean alone = cluster.now() - heardOfPrimary > duration;
          if (alone && member().heldEpoch() == 0) {
            deliver(
                now ->
                    member()
                        .campaign(
                            cluster.recordedEpoch(),
                            cluster.fencedEpoch(),
                            Duration.ofNanos(duration / 2),
                            now));
          }
          considerAfter(cluster.random(duration / 20, duration), ofLife);
        });
  }

  // ---- its one thread

  private void schedule() {
    if (scheduled || (steps.isEmpty() && inbox.isEmpty())) {
      return;
    }
    scheduled = true;
    long ofLife = life;
    long wait = Math.max(0, stalledUntil - cluster.now());
    cluster.after(
        wait + cluster.random(1_000, 100_000),
        () -> {
          if (life == ofLife) {
            scheduled = false;
            run();
          }
        });
  }

  private void run() {
    if (cluster.now() >= stalledUntil) {
      if (steps.isEmpty()) {
        steps.addAll(inbox.remove().apply(clock()));
      } else {
        Step next = steps.remove();
        perform(next);
        cluster.mayStall(this, next);
      }
    }
    if (member != null) {
      schedule();
    }
  }

  private void perform(Step step) {
    long validity = (long) (cluster.times().validityNanos() / rate);
    switch (step) {
      case Step.Persist persist -> persist(persist.promise());
      case Step.Send send -> cluster.send(this, send.to(), send.message());
      case Step.Arm arm -> {
        if (breach != Breach.COUNTED_FROM_ANSWER) {
          gate.fill(arm.epoch(), arm.round(), cluster.now() + validity);
        }
      }
      case Step.Select select -> {
        if (breach == Breach.COUNTED_FROM_ANSWER) {
          gate.fill(select.epoch(), select.round(), cluster.now() + validity);
        }
        gate.select(select.epoch(), select.round());
        cluster.selected(this, select.epoch());
      }
      case Step.Endorsed endorsed -> record(endorsed.epoch());
      case Step.NotEndorsed notEndorsed -> {}
      case Step.Over over -> {
        if (over.releases() && breach == Breach.RELEASED_BEFORE_CLOSED) {
          steps.addAll(member().released(over.epoch(), clock()));
          steps.add(new Step.Over(over.epoch(), over.reason(), false));
          return;
        }
        // Whoever counts from the answer does not know yet that its time is over.
        if (breach != Breach.COUNTED_FROM_ANSWER || !over.reason().startsWith("no majority")) {
          gate.close();
        }
        if (over.releases()) {
          steps.addAll(member().released(over.epoch(), clock()));
        }
      }
    }
  }

  private void persist(Promise promise) {
    long ofLife = life;
    if (breach == Breach.TOLD_BEFORE_DURABLE) {
      deliver(now -> member().persisted(promise, now));
    }
    diskFreeAt = Math.max(diskFreeAt, cluster.now()) + cluster.random(100_000, 200_000_000);
    cluster.after(
        diskFreeAt - cluster.now(),
        () -> {
          if (life != ofLife) {
            return;
          }
          if (promise.epoch() < durable.epoch()) {
            throw new SimCluster.Violation("the epoch promised by " + name + " fell");
          }
          durable = promise;
          cluster.promised(name, promise);
          if (breach != Breach.TOLD_BEFORE_DURABLE) {
            deliver(now -> member().persisted(promise, now));
          }
        });
  }

  private void record(long epoch) {
    long ofLife = life;
    cluster.after(
        cluster.random(100_000, 300_000_000),
        () -> {
          if (life == ofLife && cluster.record(name, epoch)) {
            deliver(now -> member().begin(epoch, now));
          }
        });
  }
}

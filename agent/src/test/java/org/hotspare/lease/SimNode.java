package org.hotspare.lease;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;
import org.hotspare.wire.Frame.Lease;
import org.jspecify.annotations.Nullable;

/**
 * The lease of one simulated machine: a clock of its own, an agent that performs one step at a time
 * and may be stalled before each, a disk, and a gate.
 */
public final class SimNode {
  /** Sends words to other members, and is told what becomes of the lease. */
  public interface Host {
    void send(String to, Lease message);

    void endorsed(long epoch);

    void notEndorsed(long epoch, String reason);
  }

  private final String name;
  private final SimGate gate;
  private final SimWorld world;
  private final SimJudge judge;
  private Majority voters;
  private final Host host;
  private final Breach breach;
  private final double rate;
  private long offset;

  /** What its disk holds. */
  private Promise durable = Promise.NONE;

  private long durableMillis;

  /** By what it counts when it is started next, and by what it counts now. */
  private LeaseTimes configured;

  private LeaseTimes times;

  private @Nullable LeaseMember member;
  private @Nullable SimVoter voter;
  private final Deque<LongFunction<List<Step>>> inbox = new ArrayDeque<>();
  private final Deque<Step> steps = new ArrayDeque<>();
  private long stalledUntil;

  /** Events of an agent that has died since are void. */
  private long life;

  private long diskFreeAt;
  private boolean scheduled;

  /** Keeps all rules. */
  public SimNode(String name, SimWorld world, SimJudge judge, Set<String> voters, Host host) {
    this(name, world, judge, Majority.of(voters), host, Breach.NONE);
  }

  SimNode(String name, SimWorld world, SimJudge judge, Majority voters, Host host, Breach breach) {
    double apart = breach == Breach.CLOCKS_APART ? 0.4 : 0.08;
    this.name = name;
    this.world = world;
    this.judge = judge;
    this.voters = voters;
    this.host = host;
    this.breach = breach;
    this.configured = world.times();
    this.times = configured;
    this.rate = 1 + apart * (2 * world.fraction() - 1);
    this.offset = world.random(0, 1L << 50);
    this.gate = new SimGate(breach == Breach.SET_FILLED_AGAIN);
    judge.watch(name, gate);
  }

  public String name() {
    return name;
  }

  public SimGate gate() {
    return gate;
  }

  /** What it reads from its clock. */
  public long clock() {
    return offset + (long) (world.now() * rate);
  }

  public boolean isUp() {
    return member != null;
  }

  public boolean isStalled() {
    return world.now() < stalledUntil;
  }

  public boolean isServing() {
    LeaseMember current = member;
    return current != null && current.holds(clock()) && gate.isOpen(world.now());
  }

  public long life() {
    return life;
  }

  // ---- what befalls it

  public void start() {
    life++;
    times = configured;
    SimVoter started = new SimVoter(breach, times, durable, durableMillis * 1_000_000, clock());
    durableMillis = Math.max(durableMillis, times.durationMillis());
    voter = started;
    member = new LeaseMember(name, voters, times, started);
    tickAfter(0, life);
  }

  /** Its next start is with these. */
  void configure(LeaseTimes changed) {
    configured = changed;
  }

  /** What it was started with last. */
  LeaseTimes times() {
    return times;
  }

  /** From now on these are the voters, of whom it is one; it holds nothing at this moment. */
  public void reduceTo(Set<String> fewer) {
    voters = Majority.of(fewer);
    SimVoter same = voter;
    if (same != null && member != null) {
      member = new LeaseMember(name, voters, times, same);
    }
  }

  /** The process dies; kernel, gate and clock live on, unless the machine dies with it. */
  public void crash(boolean machine) {
    life++;
    member = null;
    voter = null;
    inbox.clear();
    steps.clear();
    scheduled = false;
    stalledUntil = 0;
    if (machine) {
      gate.vanish();
      offset = world.random(0, 60_000_000_000L) - (long) (world.now() * rate);
    }
  }

  public void stall(long nanos) {
    stalledUntil = Math.max(stalledUntil, world.now() + nanos);
  }

  // ---- what it is told

  /** Lost where the agent is not up. */
  public void receive(String from, Lease message) {
    deliver(now -> member().receive(from, message, now));
  }

  public void campaign(long recordedEpoch, long over, Duration patience) {
    deliver(now -> member().campaign(recordedEpoch, over, patience, now));
  }

  public void begin(long epoch) {
    deliver(now -> member().begin(epoch, now));
  }

  public void release(String reason) {
    deliver(now -> member().release(reason, now));
  }

  /** The rules of an agent that is up. */
  public LeaseMember member() {
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
    world.after(
        nanos,
        () -> {
          if (life == ofLife) {
            deliver(now -> member().tick(now));
            tickAfter(world.times().renewalNanos() / 4, ofLife);
          }
        });
  }

  // ---- its one thread

  private void schedule() {
    if (scheduled || (steps.isEmpty() && inbox.isEmpty())) {
      return;
    }
    scheduled = true;
    long ofLife = life;
    long wait = Math.max(0, stalledUntil - world.now());
    world.after(
        wait + world.random(1_000, 100_000),
        () -> {
          if (life == ofLife) {
            scheduled = false;
            run();
          }
        });
  }

  private void run() {
    if (world.now() >= stalledUntil) {
      if (steps.isEmpty()) {
        steps.addAll(inbox.remove().apply(clock()));
      } else {
        Step next = steps.remove();
        perform(next);
        mayStall(next);
      }
    }
    if (member != null) {
      schedule();
    }
  }

  /** Renewals are many and changes of the holder few, but each step of these may go wrong, too. */
  private void mayStall(Step after) {
    boolean renewing =
        after instanceof Step.Arm
            || after instanceof Step.Select
            || (after instanceof Step.Send send
                && (send.message() instanceof Lease.Renewal
                    || send.message() instanceof Lease.Renewed));
    if (!world.isCalm() && world.chance(renewing ? 400 : 20)) {
      stall(world.random(1_000_000, 2 * world.times().durationNanos()));
    }
  }

  private void perform(Step step) {
    long validity = (long) (times.validityNanos() / rate);
    switch (step) {
      case Step.Persist persist -> persist(persist.promise());
      case Step.Shorten shorten -> shorten(shorten);
      case Step.Differs _ -> {}
      case Step.Send send -> host.send(send.to(), send.message());
      case Step.Arm arm -> {
        if (breach != Breach.COUNTED_FROM_ANSWER) {
          gate.fill(arm.epoch(), arm.round(), world.now() + validity);
        }
      }
      case Step.Select select -> {
        if (breach == Breach.COUNTED_FROM_ANSWER) {
          gate.fill(select.epoch(), select.round(), world.now() + validity);
        }
        gate.select(select.epoch(), select.round());
        judge.opened(name, gate, select.epoch());
      }
      case Step.Counted _ -> {}
      case Step.Endorsed endorsed -> host.endorsed(endorsed.epoch());
      case Step.NotEndorsed not -> host.notEndorsed(not.epoch(), not.reason());
      case Step.Over over -> over(over);
    }
  }

  private void over(Step.Over over) {
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

  private void persist(Promise promise) {
    if (breach == Breach.TOLD_BEFORE_DURABLE) {
      deliver(now -> member().persisted(promise, now));
    }
    write(
        () -> {
          if (promise.epoch() < durable.epoch()) {
            throw new SimJudge.Violation("the epoch promised by " + name + " fell");
          }
          durable = promise;
          judge.promised(name, promise);
          if (breach != Breach.TOLD_BEFORE_DURABLE) {
            deliver(now -> member().persisted(promise, now));
          }
        });
  }

  private void shorten(Step.Shorten shorten) {
    write(() -> durableMillis = shorten.durationMillis());
  }

  /** What is under way when the agent dies is not written. */
  private void write(Runnable done) {
    long ofLife = life;
    diskFreeAt = Math.max(diskFreeAt, world.now()) + world.random(100_000, 200_000_000);
    world.after(
        diskFreeAt - world.now(),
        () -> {
          if (life == ofLife) {
            done.run();
          }
        });
  }
}

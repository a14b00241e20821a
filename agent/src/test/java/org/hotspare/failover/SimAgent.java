package org.hotspare.failover;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.hotspare.failover.LeaseView.Attempt;
import org.hotspare.lease.ClusterRecord.Version;
import org.hotspare.lease.LeaseMember;
import org.hotspare.lease.Roles;
import org.hotspare.lease.SimJudge.Violation;
import org.hotspare.lease.SimNode;
import org.hotspare.lease.SimWorld;
import org.hotspare.tree.Position;
import org.hotspare.wire.Frame.Lease;
import org.jspecify.annotations.Nullable;

/**
 * One simulated server: its lease, its mirror, its services, and the loop that drives the policy,
 * which performs one action at a time and may be stalled before each.
 */
final class SimAgent implements SimNode.Host {
  private final SimCluster cluster;
  private final SimWorld world;
  private final BrokenRule broken;
  private final Settings settings;
  private final SimNode node;
  private final SimMirror mirror;
  private final boolean witness;

  /** Its services run whatever the policy says, as those with {@code on: all} do. */
  private final boolean endless;

  // What outlives the process.
  private SimRecord record;
  private Version known = new Version(0, Roles.NONE);
  private Damping damping = Damping.NONE;
  private boolean services;
  private boolean crashed;
  private Order asked = new Order.None();
  private long blamedAt = Long.MIN_VALUE / 2;

  // What does not.
  private Role role = Role.Unsettled.started(0);
  private Attempt attempt = new Attempt.None();
  private @Nullable RecordWrite write;
  private Task task = Task.NONE;
  private Order order = new Order.None();
  private Fencing fencing = Fencing.NONE;
  private boolean confirmed;
  private final Map<String, Report.Heard> heard = new HashMap<>();
  private final Deque<Action> actions = new ArrayDeque<>();

  /** What the record was when these were decided. */
  private Roles decidedUnder = Roles.NONE;

  private long stalledUntil;

  /** Until when what is asked of the packet filter fails. */
  private long gateFailsUntil;

  private Action.Answer lastAnswer = new Action.Answer(true, "");

  /** What its checks say of its own machine, and of the primary. */
  private Map<String, String> ownFailing = Map.of();

  SimAgent(Settings settings, SimCluster cluster, boolean witness, BrokenRule broken) {
    this.settings = settings;
    this.cluster = cluster;
    this.world = cluster.world();
    this.witness = witness;
    this.broken = broken;
    this.record = cluster.record();
    this.endless = world.chance(3);
    this.node = new SimNode(settings.self(), world, cluster.judge(), settings.voters(), this);
    this.mirror = new SimMirror(world, broken);
    this.services = endless;
  }

  String name() {
    return settings.self();
  }

  SimNode node() {
    return node;
  }

  SimMirror mirror() {
    return mirror;
  }

  Role role() {
    return role;
  }

  boolean isWitness() {
    return witness;
  }

  boolean runs() {
    return node.isUp() && !node.isStalled();
  }

  SimRecord record() {
    return record;
  }

  boolean isServing() {
    return node.gate().isOpen(world.now()) && services;
  }

  /** Whether it does so as the policy knows it. */
  boolean isPrimary() {
    return node.isUp()
        && role instanceof Role.Primary
        && node.member().holds(node.clock())
        && isServing();
  }

  /** What it was told, or an answer to nothing. */
  Action.Answer lastAnswer() {
    return lastAnswer;
  }

  /** Whether it would be the primary, if it were asked. */
  boolean isWilling() {
    return FailoverPolicy.report(view(), node.clock()).unwilling().isEmpty();
  }

  boolean isOrdered() {
    return !(order instanceof Order.None);
  }

  // ---- what befalls it

  void start() {
    node.start();
    role = Role.Unsettled.started(node.clock());
    attempt = new Attempt.None();
    write = null;
    task = Task.NONE;
    order = new Order.None();
    fencing = Fencing.NONE;
    confirmed = false;
    if (world.chance(2)) {
      known = new Version(0, Roles.NONE);
    }
    services |= endless;
    heard.clear();
    actions.clear();
    stalledUntil = 0;
    turnAfter(world.random(0, 50_000_000), node.life());
    talkAfter(world.random(0, 300_000_000), node.life());
  }

  void crash(boolean machine) {
    boolean primary = mirror.isOpen();
    node.crash(machine);
    mirror.crash(machine);
    crashed |= primary;
    services &= !machine;
    if (machine) {
      // Nor does it remember when it failed: its clock begins anew.
      blamedAt = Long.MIN_VALUE / 2;
    }
  }

  /** Its disk is replaced while it is off; of a node that nothing depends on. */
  boolean loseDisk() {
    boolean standby = role instanceof Role.Standby && write == null;
    Roles roles = cluster.record().current().roles();
    if (standby && roles.epoch() > 0 && !roles.primary().equals(name())) {
      crash(true);
      mirror.lose();
      return true;
    }
    return false;
  }

  void failGate(long nanos) {
    gateFailsUntil = world.now() + nanos;
  }

  private boolean isGateFailing() {
    return world.now() < gateFailsUntil && !world.isCalm();
  }

  void setOwnFailing(Map<String, String> failing) {
    ownFailing = failing;
  }

  void order(Order asked) {
    order = asked instanceof Order.Stop ? new Order.Stop(node.clock()) : asked;
    if (asked instanceof Order.Pause
        && broken == BrokenRule.PAUSE_UNRECORDED
        && role instanceof Role.Primary) {
      node.gate().setHeld(true);
    }
  }

  // ---- the lease

  @Override
  public void send(String to, Lease message) {
    world.send(name(), to, () -> cluster.agent(to).node.receive(name(), message));
  }

  @Override
  public void endorsed(long epoch) {
    attempt = new Attempt.Endorsed(epoch);
  }

  @Override
  public void notEndorsed(long epoch, String reason) {
    attempt = new Attempt.NotEndorsed(epoch, reason);
  }

  // ---- what it tells the others

  private void talkAfter(long nanos, long ofLife) {
    world.after(
        nanos,
        () -> {
          if (node.life() == ofLife) {
            if (runs()) {
              Report told = FailoverPolicy.report(view(), node.clock());
              cluster.all().forEach(other -> report(other, told));
              replicate();
            }
            talkAfter(world.random(30_000_000, 250_000_000), ofLife);
          }
        });
  }

  private void report(SimAgent to, Report told) {
    if (to != this) {
      world.send(name(), to.name(), () -> to.hear(name(), told));
    }
  }

  private void hear(String from, Report told) {
    if (runs()) {
      heard.put(from, new Report.Heard(told, node.clock()));
    }
  }

  private void replicate() {
    if (!mirror.isOpen()) {
      return;
    }
    SimMirror.Sent sent = mirror.sent(name());
    for (SimAgent other : cluster.all()) {
      if (!other.witness && other != this) {
        world.send(name(), other.name(), () -> other.take(this, sent));
      }
    }
  }

  private void take(SimAgent from, SimMirror.Sent sent) {
    if (runs()) {
      mirror.receive(
          sent,
          ack ->
              world.send(
                  name(),
                  from.name(),
                  () -> {
                    if (from.runs()) {
                      from.mirror.acknowledged(name(), ack);
                    }
                  }));
    }
  }

  // ---- what clients do

  /** A client, or somebody on the machine, changes something. */
  void write() {
    if (mirror.isOpen() && (isServing() || world.chance(10))) {
      mirror.write(isServing());
    }
  }

  /** Somebody waits for a barrier, and it passes if it may. */
  void barrier() {
    Position at = durable();
    if (at != null) {
      cluster.confirmed(at, record);
    }
  }

  /** Whether a barrier passes. */
  boolean mayConfirm() {
    return durable() != null;
  }

  /** Up to where a barrier passes at this instant; null where none does. */
  private @Nullable Position durable() {
    boolean primary = role instanceof Role.Primary || role instanceof Role.HandingOver;
    if (!runs() || !primary) {
      return null;
    }
    View view = view();
    Set<String> awaited = PromotableSet.awaited(view).orElse(null);
    if (awaited == null) {
      return null;
    }
    Set<String> names = new TreeSet<>(awaited);
    if (broken == BrokenRule.JOINS_UNAWAITED) {
      names.retainAll(view.roles().promotable());
    }
    if (broken == BrokenRule.LEAVES_UNRECORDED) {
      names.removeIf(mirror::isAway);
    }
    return mirror.durableAt(names);
  }

  // ---- the loop

  private View view() {
    LeaseMember member = node.member();
    long now = node.clock();
    Version seen = known;
    if (broken == BrokenRule.OUTSIDE_SET && !seen.roles().primary().equals(name())) {
      Set<String> more = new TreeSet<>(seen.roles().promotable());
      more.add(name());
      seen = new Version(seen.number(), seen.roles().withPromotable(more));
    }
    boolean hidden =
        broken == BrokenRule.PAUSE_ENDED_GATE_HELD
            || broken == BrokenRule.PAUSE_UNRECORDED
            || (broken == BrokenRule.RELEASED_WHILE_HELD && role instanceof Role.Demoting);
    if (broken == BrokenRule.PAUSE_IGNORED && role instanceof Role.HandingOver) {
      seen = new Version(seen.number(), seen.roles().withPause(null));
    }
    return new View(
        settings,
        seen,
        confirmed || broken == BrokenRule.STALE_RECORD,
        write,
        new LeaseView(
            member.holds(now) ? member.heldEpoch() : 0,
            member.isOver(now),
            member.knownEpoch(),
            attempt),
        mirror.copy(crashed, now),
        Map.copyOf(heard),
        mirror.followers(),
        ownFailing,
        cluster.failing(this),
        name().equals("alpha"),
        node.gate().isHeld() && !hidden,
        task,
        fencing,
        order,
        damping,
        role,
        world.fraction(),
        world.now() / 1_000_000_000);
  }

  /** Learns of the record, where a majority does. */
  private void learn() {
    Version current = record.current();
    if (cluster.reachesMajority(this) && !world.chance(3)) {
      confirmed = true;
      known = current.number() > known.number() ? current : known;
    }
  }

  private void turnAfter(long nanos, long ofLife) {
    world.after(
        nanos,
        () -> {
          if (node.life() != ofLife) {
            return;
          }
          if (runs() && world.now() >= stalledUntil) {
            turn();
          }
          if (node.life() == ofLife) {
            turnAfter(
                actions.isEmpty()
                    ? world.random(1_000_000, 100_000_000)
                    : world.random(1_000, 200_000),
                ofLife);
          }
        });
  }

  private void turn() {
    if (witness) {
      learn();
      return;
    }
    if (actions.isEmpty()) {
      learn();
      decidedUnder = known.roles();
      actions.addAll(FailoverPolicy.decide(view(), node.clock()));
    } else {
      perform(actions.remove());
      if (!world.isCalm() && world.chance(60)) {
        stalledUntil = world.now() + world.random(1_000_000, 2 * world.times().durationNanos());
      }
    }
  }

  private void perform(Action action) {
    switch (action) {
      case Action.Become become -> become(become);
      case Action.Remember remember -> remember(remember.damping());
      case Action.Seal seal -> mirror.seal(seal.epoch());
      case Action.Follow follow -> {
        crashed = false;
        mirror.follow(follow.primary(), follow.epoch());
      }
      case Action.Inquire inquire -> inquire.members().forEach(this::inquire);
      case Action.Campaign campaign -> {
        attempt = new Attempt.Standing();
        node.campaign(campaign.recordedEpoch(), campaign.over(), campaign.patience());
      }
      case Action.BeginLease begin -> {
        node.gate().setFollows(false);
        node.begin(begin.epoch());
      }
      case Action.Release release -> node.release(release.reason());
      case Action.WriteRecord record -> write(record);
      case Action.Perform work -> begin(work);
      case Action.HoldGate _ -> {
        if (!isGateFailing()) {
          node.gate().setHeld(true);
          cluster.judge().opened(name(), node.gate(), known.roles().epoch());
        }
      }
      case Action.FreeGate _ -> node.gate().setHeld(node.gate().isHeld() && isGateFailing());
      case Action.Answer answer -> answered(answer);
      case Action.RebuildRecord rebuild -> rebuild(rebuild);
      case Action.Fence fence -> fence(fence);
    }
  }

  private void become(Action.Become become) {
    requireHandsOff(become.role());
    requireNothingLost(become);
    role = become.role();
    if (role instanceof Role.Candidate candidate) {
      asked = candidate.order();
    }
    cluster.note(this, become.reason());
  }

  /** Nor may clients write anything afterwards. */
  private void requireNothingLost(Action.Become become) {
    if (role instanceof Role.HandingOver
        && become.role() instanceof Role.Demoting next
        && become.reason().contains("has everything")
        && (isServing() || !cluster.agent(next.handsOverTo()).mirror.hadAllOf(mirror))) {
      throw new Violation(
          "%s hands over to %s and loses %s"
              .formatted(name(), next.handsOverTo(), mirror.history().head()));
    }
  }

  /** What a pause protects is not taken down. */
  private void requireHandsOff(Role next) {
    if (!(next instanceof Role.Demoting demoting) || order instanceof Order.Stop) {
      return;
    }
    Roles roles = record.current().roles();
    boolean named = roles.primary().equals(name()) && record.equals(cluster.record());
    if (role instanceof Role.Unsettled && named && roles.pause() != null) {
      throw new Violation(name() + " takes down what a pause protects");
    }
    if (role instanceof Role.HandingOver
        && !demoting.handsOverTo().isEmpty()
        && decidedUnder.pause() != null) {
      throw new Violation(name() + " hands over under a pause");
    }
  }

  private void rebuild(Action.RebuildRecord action) {
    if (!isOff(asked) && decidedUnder.pause() != null) {
      throw new Violation(name() + " ends a pause by rebuilding the record");
    }
    long version = action.version();
    long ofLife = node.life();
    world.after(
        world.random(1_000_000, 500_000_000),
        () -> {
          // A member that was left alone may know less than it voted for, two together do not.
          boolean newest = isOff(asked) || record.current().number() == version;
          if (node.life() == ofLife && known.number() == version && newest) {
            known = new Version(version + 1, action.roles());
            record = new SimRecord(cluster, broken, action.roles().voters(), known);
            node.reduceTo(action.roles().voters());
            cluster.rebuilt(record);
          }
        });
  }

  private static boolean isOff(Order order) {
    return order instanceof Order.Failover failover && failover.othersAreOff();
  }

  private void fence(Action.Fence action) {
    if (decidedUnder.pause() != null) {
      throw new Violation(name() + " has a machine switched off under a pause");
    }
    fencing = new Fencing(action.epoch(), Fencing.Answer.ASKED);
    boolean hangs = !world.isCalm() && world.chance(6);
    boolean fails = !world.isCalm() && world.chance(4);
    long ofLife = node.life();
    world.after(
        world.random(10_000_000, 1_000_000_000),
        () -> {
          if (!hangs && !fails) {
            cluster.switchOff(settings.voters(), this);
          }
          if (!hangs && node.life() == ofLife) {
            Fencing.Answer failed =
                world.chance(2) ? Fencing.Answer.NOT_OFF : Fencing.Answer.UNKNOWN;
            fencing = new Fencing(action.epoch(), fails ? failed : Fencing.Answer.OFF);
          }
        });
  }

  private void remember(Damping changed) {
    if (!changed.failure().isEmpty() && changed.failedNanos() != damping.failedNanos()) {
      blamedAt = world.now() - (node.clock() - changed.failedNanos());
    }
    if (broken != BrokenRule.TRIED_AGAIN) {
      damping = changed;
    }
  }

  /** When it failed last. */
  long blamedAt() {
    return blamedAt;
  }

  /** Whether it stood for election on an operator's word. */
  boolean wasAsked() {
    return asked instanceof Order.Failover;
  }

  /** Whether he accepted that something is lost. */
  boolean isLossAccepted() {
    return asked instanceof Order.Failover failover && failover.acceptLoss();
  }

  /** Whether that order has no answer yet. */
  boolean isAsked(Order asked) {
    return order.equals(asked) || (order instanceof Order.Stop && asked instanceof Order.Stop);
  }

  private void inquire(String member) {
    SimAgent asked = cluster.agent(member);
    world.send(
        name(),
        member,
        () -> {
          if (asked.runs()) {
            asked.report(this, FailoverPolicy.report(asked.view(), asked.node.clock()));
          }
        });
  }

  private void write(Action.WriteRecord action) {
    write = new RecordWrite(action.version(), action.roles(), true);
    long ofLife = node.life();
    record.write(
        this,
        action,
        outcome -> {
          if (node.life() == ofLife) {
            written(action, outcome);
          }
        });
  }

  private void written(Action.WriteRecord action, SimRecord.Outcome outcome) {
    if (outcome == SimRecord.Outcome.DECIDED) {
      Version current = record.current();
      known = current.number() > known.number() ? current : known;
    }
    boolean last = write != null && write.version() == action.version();
    if (last) {
      write = new RecordWrite(action.version(), action.roles(), false);
    }
  }

  // ---- the machine

  private void begin(Action.Perform work) {
    task = new Task(work.number(), Task.State.RUNNING, "");
    boolean ofGate = work.stage() == Stage.GATE || work.stage() == Stage.GATE_SHUT;
    boolean fails = (!world.isCalm() && world.chance(120)) || (ofGate && isGateFailing());
    boolean hangs = !world.isCalm() && world.chance(200);
    if (!hangs) {
      endAfter(world.random(1_000_000, 150_000_000), work, node.life(), fails);
    }
  }

  private void endAfter(long nanos, Action.Perform work, long ofLife, boolean fails) {
    world.after(
        nanos,
        () -> {
          if (node.life() != ofLife || task.number() != work.number()) {
            return;
          }
          if (fails) {
            task = new Task(work.number(), Task.State.FAILED, "it does not work");
          } else if (isDone(work)) {
            task = new Task(work.number(), Task.State.DONE, "");
          } else {
            endAfter(world.random(1_000_000, 20_000_000), work, ofLife, false);
          }
        });
  }

  private boolean isDone(Action.Perform work) {
    switch (work.stage()) {
      case SETTLE -> {
        mirror.open(work.epoch());
        crashed = false;
      }
      case SERVICES_START -> services = true;
      case GATE_SHUT -> node.gate().setFollows(broken == BrokenRule.GATE_NOT_SHUT);
      case SERVICES_STOP -> services = endless;
      case GATE -> {
        node.gate().setFollows(true);
        cluster.judge().opened(name(), node.gate(), work.epoch());
      }
      case BARRIER -> {
        return broken == BrokenRule.BARRIER_SKIPPED
            || (role instanceof Role.HandingOver handing && mirror.hasAll(handing.to()));
      }
      case DRAIN, ADDRESS_ADD, ADDRESS_REMOVE, ANNOUNCE -> {}
      case RECORD, LEASE -> throw new AssertionError("no work: " + work);
    }
    return true;
  }

  private void answered(Action.Answer answer) {
    lastAnswer = answer;
    boolean stops = order instanceof Order.Stop && answer.done();
    order = new Order.None();
    if (stops) {
      boolean before = crashed;
      cluster.restart(this, false);
      crashed = before;
    }
  }

  Duration failedFor() {
    return settings.timing().failed();
  }

  @Override
  public String toString() {
    return name() + " as " + role;
  }
}

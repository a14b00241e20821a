package org.hotspare.agent;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.hotspare.failover.Action;
import org.hotspare.failover.Damping;
import org.hotspare.failover.FailoverPolicy;
import org.hotspare.failover.LeaseView;
import org.hotspare.failover.Order;
import org.hotspare.failover.OwnCopy;
import org.hotspare.failover.PromotableSet;
import org.hotspare.failover.RecordWrite;
import org.hotspare.failover.Report;
import org.hotspare.failover.Role;
import org.hotspare.failover.Settings;
import org.hotspare.failover.Stage;
import org.hotspare.failover.Task;
import org.hotspare.failover.View;
import org.hotspare.lease.ClusterRecord;
import org.hotspare.lease.LeaseLoop;
import org.hotspare.linux.RawClock;
import org.hotspare.takeover.Fence;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives {@link FailoverPolicy} on a data node: sees how things are, has it decide, and performs
 * what it decided. One thread does; what takes long is done by others, and seen when it has ended.
 *
 * <p>Invariant: what the policy decides from, beside what is read at that moment, changes under
 * this object's lock only, and so does the role: a barrier that asks {@link #awaited} whom it has
 * to wait for sees one state of both.
 */
final class RoleLoop implements LeaseLoop.Listener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RoleLoop.class);

  /** How often it looks without being told that anything changed. */
  private static final long TICK_NANOS = 100_000_000;

  /** The same where nothing is under way, and the lease is not over before. */
  private static final long IDLE_TICK_NANOS = 1_000_000_000;

  private static final Duration END = Duration.ofSeconds(5);

  /** A barrier that takes no longer found next to nothing that the other node lacked. */
  private static final long NEXT_TO_NOTHING_NANOS = 100_000_000;

  private static final Pattern NUMBERS = Pattern.compile("[0-9.,]+");
  private static final long EPOCHS_OF_FIXED_ROLES = 1000;

  /** What an operator or this node's own end asks for, and who waits for the answer. */
  private record Asked(Order order, CompletableFuture<Action.Answer> answer) {}

  private final Settings settings;
  private final boolean initiator;
  private final Mirrors mirrors;
  private final Machine machine;
  private final HealthWatch health;
  private final MirrorWatch watch;
  private final Telling telling;
  private final DampingFile dampingFile;
  private final MirrorCourse course;
  private final FenceWork fence;
  private final RecordKeeper record = new RecordKeeper(this::wake);

  /** What is done to the rest of the machine: services stop though a mirror's disk hangs. */
  private final ExecutorService machineWork = executor("role-machine");

  private final Thread thread = Thread.ofPlatform().daemon().name("role").unstarted(this::run);

  /** Set before the thread starts. */
  private @Nullable Membership membership;

  private @Nullable Runnable inquire;

  private final Map<String, Report.Heard> heard = new ConcurrentHashMap<>();
  private volatile Report report = new Report(0, 0, Map.of(), "", "", Map.of());

  private volatile boolean closed;
  private volatile boolean changed;

  /** Of the loop's thread: whether the last decision could not be carried out yet. */
  private boolean refused;

  /** Of the loop's thread: what was told of the gate last. */
  private String gateTold = "";

  /** Set by the lease's thread, and when an attempt begins, before that thread knows of it. */
  private volatile LeaseView.Attempt attempt = new LeaseView.Attempt.None();

  // ---- guarded by this

  /** Read without that by who may not wait. */
  private volatile Role role = Role.Unsettled.started(RawClock.monotonicRawNanos());

  private Task task = Task.NONE;
  private Damping damping;
  private @Nullable Asked asked;

  /** The last stage that was begun of what is done to the machine. */
  private Future<?> machineStage = CompletableFuture.completedFuture(null);

  RoleLoop(
      Settings settings,
      boolean initiator,
      Mirrors mirrors,
      Machine machine,
      HealthWatch health,
      Telling telling,
      DampingFile dampingFile,
      @Nullable Fence fence) {
    this.settings = settings;
    this.initiator = initiator;
    this.mirrors = mirrors;
    this.machine = machine;
    this.health = health;
    this.watch = new MirrorWatch(mirrors, this::wake);
    this.telling = telling;
    this.dampingFile = dampingFile;
    this.damping = dampingFile.read();
    this.fence = new FenceWork(fence, this::wake, telling::role);
    this.course =
        new MirrorCourse(mirrors, watch, settings.timing().steady(), this::wake, telling::problem);
  }

  private static ExecutorService executor(String name) {
    return Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name(name).factory());
  }

  /**
   * Begins to decide.
   *
   * @param inquiring has the others asked for their reports at once
   */
  void start(Membership with, Runnable inquiring) {
    membership = with;
    inquire = inquiring;
    record.start(with.record());
    watch.start();
    thread.start();
  }

  // ---- what happens; any thread

  /** The cluster's record changed. */
  void learn() {
    record.learn();
  }

  /** Another node told how it is. */
  void hear(String node, Report told) {
    Report.Heard before = heard.put(node, new Report.Heard(told, RawClock.monotonicRawNanos()));
    // Who is about to change its role counts who has told at all.
    if (!isSettled() || before == null || !before.report().equals(told)) {
      wake();
    }
  }

  /** What this node tells the others of itself. */
  Report report() {
    return report;
  }

  @Override
  public void endorsed(long epoch) {
    attempt = new LeaseView.Attempt.Endorsed(epoch);
    wake();
  }

  @Override
  public void notEndorsed(long epoch, String reason) {
    attempt = new LeaseView.Attempt.NotEndorsed(epoch, reason);
    wake();
  }

  @Override
  public void holds(long epoch) {
    wake();
  }

  @Override
  public void over(long epoch, String reason) {
    LOG.info("the lease of epoch {} is over: {}", epoch, reason);
    wake();
  }

  @Override
  public void freed() {
    wake();
  }

  /** Has it look at what is not told it. Takes no lock: the lease's thread must not wait. */
  void wake() {
    changed = true;
    LockSupport.unpark(thread);
  }

  /** Asks for something; one at a time, but that the end comes before everything else. */
  synchronized CompletableFuture<Action.Answer> ask(Order order) {
    CompletableFuture<Action.Answer> answer = new CompletableFuture<>();
    Asked before = asked;
    if (before != null && !(order instanceof Order.Stop)) {
      answer.complete(new Action.Answer(false, "something else was asked for and is under way"));
      return answer;
    }
    if (before != null) {
      before.answer.complete(new Action.Answer(false, "the agent ends"));
    }
    asked = new Asked(order, answer);
    wake();
    return answer;
  }

  /** Nobody waits for its answer any more: what was not begun for it is not begun. */
  synchronized void withdraw(Order order) {
    Asked waiting = asked;
    if (waiting != null && waiting.order.equals(order)) {
      asked = null;
    }
  }

  /** Whose standby this node is; empty where nobody's. */
  String followed() {
    return course.followed();
  }

  /**
   * Whether it was primary by the last decision, with nothing left to do before it is that, and its
   * clients are let in: while it hands over, until its gate is shut. Waits for nothing, and does
   * not look whether the lease is still held.
   */
  boolean isSettledPrimary() {
    Role now = role;
    return now instanceof Role.Primary
        || (now instanceof Role.HandingOver handing && handing.isServing());
  }

  /** For which standbys a barrier has to wait; empty where this node confirms nothing. */
  synchronized Optional<Set<String>> awaited() {
    return PromotableSet.awaited(view());
  }

  // ---- the loop

  private void run() {
    while (!closed) {
      try {
        refused = false;
        boolean more = decide();
        // What the kernel refused is asked for again, though not at once.
        if (!more || refused) {
          compareIfAlone();
          machine.tend();
          stopServicesAgain();
          await();
        }
      } catch (RuntimeException e) {
        // The lease goes on by itself, and ends where nobody may be primary any more.
        LOG.error("the decision about this node's role failed; trying again", e);
        telling.problem("the decision about this node's role failed: " + e);
        LockSupport.parkNanos(TICK_NANOS);
      }
    }
  }

  private void await() {
    if (!changed) {
      LockSupport.parkNanos(restNanos());
    }
    changed = false;
  }

  /** Nobody tells when the lease ends. */
  private long restNanos() {
    long lease = members().lease().remaining().toNanos();
    return isSettled() && lease > 0 ? Math.min(IDLE_TICK_NANOS, lease) : TICK_NANOS;
  }

  private boolean isSettled() {
    return role instanceof Role.Primary || role instanceof Role.Standby;
  }

  /** Answers whether anything was to be done: then there may be more. */
  private synchronized boolean decide() {
    View view = view();
    long now = RawClock.monotonicRawNanos();
    Report before = report;
    report = FailoverPolicy.report(view, now);
    if (!isSame(before, report)) {
      inquireNow();
    }
    List<Action> actions = FailoverPolicy.decide(view, now);
    actions.forEach(this::perform);
    return !actions.isEmpty();
  }

  /**
   * Whether nothing is in it that others have to know at once. How far the mirrors are they ask for
   * when they need it, and numbers in sentences may change all the time.
   */
  private static boolean isSame(Report before, Report next) {
    return before.epoch() == next.epoch()
        && before.leads() == next.leads()
        && before.handsOverTo().equals(next.handsOverTo())
        && before.failing().keySet().equals(next.failing().keySet())
        && withoutNumbers(before.unwilling()).equals(withoutNumbers(next.unwilling()));
  }

  private void compareIfAlone() {
    course.compareIfAlone(isAlone());
  }

  /** What a standby's machine was to stop and could not. Any other stage ends it. */
  private synchronized void stopServicesAgain() {
    if (role instanceof Role.Standby && machineStage.isDone() && machine.isToStopAgain()) {
      machineStage =
          machineWork.submit(
              () -> {
                machine.stopServicesAgain();
                return null;
              });
    }
  }

  private synchronized boolean isAlone() {
    return switch (role) {
      case Role.Unsettled _ -> true;
      case Role.Standby standby -> standby.follows().isEmpty();
      case Role.Candidate _, Role.Promoting _, Role.Primary _ -> false;
      case Role.HandingOver _, Role.Demoting _ -> false;
    };
  }

  private View view() {
    Membership with = members();
    LeaseLoop lease = with.lease();
    Asked waiting = asked;
    // In this order: what is confirmed or written is in what is known then.
    boolean confirmed = record.isConfirmed();
    RecordWrite written = record.lastWrite();
    ClusterRecord.Version known = record.known();
    return new View(
        settings,
        known,
        confirmed,
        written,
        new LeaseView(lease.heldEpoch(), lease.isOver(), lease.knownEpoch(), attempt),
        copy(),
        Map.copyOf(heard),
        watch.followers(),
        ownFailing(),
        health.failing(),
        initiator,
        machine.gate().isHeld(),
        task,
        fence.last(),
        waiting == null ? new Order.None() : waiting.order,
        damping,
        role,
        ThreadLocalRandom.current().nextDouble(),
        System.currentTimeMillis() / 1000);
  }

  /** What is wrong with this machine, by what fails. */
  private Map<String, String> ownFailing() {
    Map<String, String> failing = new TreeMap<>(health.ownFailing());
    String problem = watch.problem();
    if (!problem.isEmpty()) {
      failing.put("mirrors", problem);
    }
    return failing;
  }

  private OwnCopy copy() {
    return watch.copy(course.sealedEpoch(), this::founds);
  }

  /**
   * Whether a mirror of which this node has nothing begins with its tree: on the node on which the
   * cluster was made, where there was no primary yet; and on the one that the record names, as
   * where a mirror was added, if each other data node says that it has nothing of it either.
   */
  private MirrorWatch.Founding founds(String mirror) {
    ClusterRecord.Version known = record.known();
    boolean named = known.roles().primary().equals(settings.self());
    if (known.number() == 0 ? !initiator : !named) {
      return MirrorWatch.Founding.NOT;
    }
    if (known.number() == 0) {
      return MirrorWatch.Founding.FOUNDS;
    }
    boolean allHaveNone =
        settings.dataNodes().stream()
            .filter(node -> !node.equals(settings.self()))
            .map(heard::get)
            .allMatch(
                told -> told != null && Position.NONE.equals(told.report().durable().get(mirror)));
    return allHaveNone ? MirrorWatch.Founding.FOUNDS : MirrorWatch.Founding.DOUBTFUL;
  }

  private Membership members() {
    Membership with = membership;
    if (with == null) {
      throw new IllegalStateException("not started");
    }
    return with;
  }

  // ---- what was decided

  private void perform(Action action) {
    LeaseLoop lease = members().lease();
    switch (action) {
      case Action.Become become -> {
        if (isNews(role, become.role())) {
          telling.role(become.reason());
        } else {
          LOG.debug("role: {}", become.reason());
        }
        role = become.role();
        if (role instanceof Role.Demoting) {
          course.stopLeading();
        }
      }
      case Action.Remember remember -> {
        damping = remember.damping();
        dampingFile.write(damping);
      }
      case Action.Seal seal -> course.seal(seal.epoch());
      case Action.Follow follow -> course.follow(follow.primary());
      case Action.Inquire _ -> inquireNow();
      case Action.Campaign(var recorded, var over, var patience) -> {
        attempt = new LeaseView.Attempt.Standing();
        lease.campaign(Math.max(recorded, highestEpoch()), over, patience);
      }
      case Action.BeginLease begin -> lease.begin(begin.epoch());
      case Action.Release(var epoch, var reason) -> lease.release(epoch, reason);
      case Action.WriteRecord set -> {
        telling.role(set.reason());
        record.write(set.version(), set.roles());
      }
      case Action.Perform(var number, var stage, var epoch) -> begin(number, stage, epoch);
      case Action.Answer answer -> answer(answer);
      case Action.RebuildRecord rebuild -> {
        telling.role(rebuild.reason());
        record.foundAlone(rebuild.version(), rebuild.roles(), this::isRebuilding, telling::problem);
      }
      case Action.Fence(var epoch, var reason) -> {
        telling.role("the fence is asked: " + reason);
        fence.ask(epoch);
      }
      case Action.HoldGate hold -> holdGate(hold.reason());
      case Action.FreeGate free -> freeGate(free.reason());
    }
  }

  /**
   * Whether it is another role, or there is another reason not to stand for election. Numbers in it
   * may change all the time.
   */
  private static boolean isNews(Role before, Role next) {
    return !next.getClass().equals(before.getClass())
        || !withoutNumbers(refusal(next)).equals(withoutNumbers(refusal(before)));
  }

  private static String withoutNumbers(String text) {
    return NUMBERS.matcher(text).replaceAll("");
  }

  private static String refusal(Role role) {
    return switch (role) {
      case Role.Unsettled unsettled -> unsettled.refusal();
      case Role.Standby standby -> standby.refusal();
      case Role.Candidate _, Role.Promoting _, Role.Primary _ -> "";
      case Role.HandingOver _, Role.Demoting _ -> "";
    };
  }

  private interface GateChange {
    void make() throws IOException, InterruptedException;
  }

  /** Where that fails the policy sees that it is not so, and tries again. */
  private void holdGate(String reason) {
    setGate(reason, () -> machine.hold(members().lease().heldEpoch()));
  }

  /** It is free once the kernel has taken the next round of the lease. */
  private void freeGate(String reason) {
    setGate(reason, () -> machine.free(() -> members().lease().heldEpoch() != 0));
    if (machine.gate().isHeld()) {
      refused = true;
    }
  }

  private void setGate(String reason, GateChange change) {
    try {
      change.make();
      if (!reason.equals(gateTold)) {
        gateTold = reason;
        telling.role("the gate: " + reason);
      }
    } catch (IOException | RuntimeException e) {
      refused = true;
      LOG.error("the gate cannot be set", e);
      telling.problem("the gate cannot be set: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Of any change that is known of. Where there was no lease before, a node that is not heard may
   * have opened more epochs under fixed roles, one at each start: they are left behind.
   */
  private long highestEpoch() {
    long own = epochs(copy().head().values());
    long highest =
        heard.values().stream()
            .mapToLong(told -> epochs(told.report().durable().values()))
            .reduce(own, Math::max);
    boolean converted = highest > 0 && record.known().number() == 0;
    return converted ? highest + EPOCHS_OF_FIXED_ROLES : highest;
  }

  private static long epochs(Collection<Position> positions) {
    return positions.stream().mapToLong(Position::epoch).max().orElse(0);
  }

  /** Not where that was given up, and whoever asked was told so. */
  private boolean isRebuilding() {
    return role instanceof Role.Candidate candidate
        && candidate.phase() == Role.Candidate.Phase.REBUILDING;
  }

  private void inquireNow() {
    Runnable now = inquire;
    if (now != null) {
      now.run();
    }
  }

  private void answer(Action.Answer answer) {
    Asked waiting = asked;
    asked = null;
    if (waiting != null) {
      waiting.answer.complete(answer);
    }
  }

  // ---- stages

  private void begin(long number, Stage stage, long epoch) {
    task = new Task(number, Task.State.RUNNING, "");
    boolean ofMirrors = stage == Stage.SETTLE || stage == Stage.DRAIN || stage == Stage.BARRIER;
    if (stage == Stage.SETTLE) {
      course.aboutToLead();
    }
    if (!ofMirrors) {
      // What is asked for now counts: a start that hangs does not hold up the stop.
      machineStage.cancel(true);
    }
    String successor = role instanceof Role.HandingOver handing ? handing.to() : "";
    Callable<Void> work =
        () -> {
          ended(number, problemOf(stage, epoch, successor));
          return null;
        };
    Future<?> begun = ofMirrors ? course.submit(work) : machineWork.submit(work);
    if (!ofMirrors) {
      machineStage = begun;
    }
  }

  private synchronized void ended(long number, String problem) {
    if (task.number() == number) {
      task = new Task(number, problem.isEmpty() ? Task.State.DONE : Task.State.FAILED, problem);
    }
    wake();
  }

  /** Does the work of a stage. Answers what went wrong; nothing where all went well. */
  private String problemOf(Stage stage, long epoch, String successor) {
    try {
      switch (stage) {
        case SETTLE -> mirrors.lead(epoch);
        case DRAIN -> {
          return String.join("; ", drain(successor));
        }
        case BARRIER -> {
          List<String> missing = mirrors.await(List.of(successor), settings.timing().barrier());
          return String.join("; ", missing);
        }
        case ADDRESS_ADD -> machine.addAddresses(epoch);
        case SERVICES_START -> machine.startServices();
        case GATE -> machine.gate().follow(epoch);
        case GATE_SHUT -> machine.gate().leave();
        case ANNOUNCE -> machine.announce(epoch);
        case SERVICES_STOP -> machine.stopServices(epoch);
        case ADDRESS_REMOVE -> machine.removeAddresses(epoch);
        case RECORD, LEASE -> throw new IllegalStateException(stage + " is no work");
      }
      return "";
    } catch (InterruptedException e) {
      // By the next stage: this thread goes on with that.
      return "given up for what came after it";
    } catch (IOException | RuntimeException e) {
      LOG.error("{} failed", stage, e);
      return String.valueOf(e.getMessage());
    }
  }

  /**
   * Waits until the other node has what was written so far, and again until next to nothing is
   * left: while it got the rest, more was written. Answers what did not get there the first time;
   * what is missing later the barrier tells.
   */
  private List<String> drain(String successor) throws InterruptedException {
    Duration most = settings.timing().barrier();
    long begun = System.nanoTime();
    List<String> missing = mirrors.await(List.of(successor), most);
    long before = begun;
    long now = System.nanoTime();
    while (missing.isEmpty()
        && now - before > NEXT_TO_NOTHING_NANOS
        && now - begun < most.dividedBy(2).toNanos()) {
      var _ = mirrors.await(List.of(successor), most.dividedBy(4));
      before = now;
      now = System.nanoTime();
    }
    return missing;
  }

  /** Decides nothing any more; the lease itself is closed elsewhere. */
  @Override
  public void close() {
    closed = true;
    wake();
    try {
      if (!thread.join(END)) {
        LOG.warn("what was being decided about this node's role did not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    fence.close();
    watch.close();
    course.close();
    machineWork.shutdown();
    record.close();
    dampingFile.close();
  }
}

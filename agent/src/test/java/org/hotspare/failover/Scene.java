package org.hotspare.failover;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.hotspare.failover.LeaseView.Attempt;
import org.hotspare.lease.ClusterRecord;
import org.hotspare.lease.Roles;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;

/**
 * What one node sees, to be set by a test, and what it decides. {@link #step} also does what
 * whoever drives the policy has to do at once: it keeps the role, and notes what was begun.
 *
 * <p>At first the node is beta, a standby in the promotable set of alpha, the primary of epoch 3,
 * which holds the lease; gamma is a witness.
 */
final class Scene {
  static final Timing TIMING = Timing.of(Duration.ofSeconds(2));
  static final Position HERE = new Position(3, 100);
  static final Duration MAX_LAG = Duration.ofSeconds(5);

  String self = "beta";
  Set<String> dataNodes = Set.of("alpha", "beta");
  Set<String> voters = Set.of("alpha", "beta", "gamma");
  boolean automatic = true;
  boolean fence;
  long version = 7;
  Roles roles = new Roles(3, "alpha", Set.of("beta"), voters, null);
  boolean recordConfirmed = true;
  @Nullable RecordWrite write;
  long heldEpoch;
  boolean over;
  long knownEpoch = 3;
  Attempt attempt = new Attempt.None();
  Map<String, Position> durable = Map.of("www", HERE);
  long sealedEpoch;
  String neverComplete = "";
  String incomplete = "";
  Duration lag = Duration.ZERO;

  /** Nanoseconds since it looked at the mirrors. */
  long seenAgo;

  boolean crashed;
  final Map<String, Report.Heard> heard = new HashMap<>();
  final Map<String, Follower> followers = new HashMap<>();
  Map<String, String> ownFailing = Map.of();
  Map<String, String> failing = Map.of();
  boolean initiator;
  boolean gateHeld;
  Task task = Task.NONE;
  Fencing fencing = Fencing.NONE;
  Order order = new Order.None();
  Damping damping = Damping.NONE;
  Role role = new Role.Standby(0, 0, "", "alpha", 3);
  double lot = 0.5;
  long wallSeconds = 1_000_000;
  long now = Duration.ofHours(1).toNanos();

  /** Alpha, the primary, which has been so for long, beta being in sync with it. */
  static Scene primary() {
    Scene scene = new Scene();
    scene.self = "alpha";
    scene.role = new Role.Primary(3, 0, Map.of(), "");
    scene.heldEpoch = 3;
    scene.follower("beta", inSync());
    scene.report("beta", willing());
    scene.report("gamma", willing());
    return scene;
  }

  static Follower inSync() {
    return new Follower(
        Duration.ZERO, Duration.ofMinutes(1), true, Duration.ZERO, Map.of("www", HERE));
  }

  static Follower away(Duration since) {
    return new Follower(since, Duration.ZERO, true, Duration.ZERO, Map.of("www", HERE));
  }

  static Follower behind(Duration lag) {
    return new Follower(Duration.ZERO, Duration.ZERO, true, lag, Map.of("www", new Position(3, 1)));
  }

  static Report willing() {
    return new Report(3, 0, Map.of("www", HERE), "", "", Map.of());
  }

  void follower(String name, Follower follower) {
    followers.put(name, follower);
  }

  /** It says so now. */
  void report(String node, Report report) {
    heard.put(node, new Report.Heard(report, now));
  }

  View view() {
    Settings settings =
        new Settings(self, dataNodes, dataNodes, voters, automatic, MAX_LAG, fence, TIMING);
    return new View(
        settings,
        new ClusterRecord.Version(version, roles),
        recordConfirmed,
        write,
        new LeaseView(heldEpoch, over, knownEpoch, attempt),
        new OwnCopy(
            durable, durable, sealedEpoch, neverComplete, incomplete, lag, crashed, now - seenAgo),
        Map.copyOf(heard),
        Map.copyOf(followers),
        ownFailing,
        failing,
        initiator,
        gateHeld,
        task,
        fencing,
        order,
        damping,
        role,
        lot,
        wallSeconds);
  }

  List<Action> decide() {
    return FailoverPolicy.decide(view(), now);
  }

  /** Decides, and does what cannot fail. */
  List<Action> step() {
    List<Action> actions = decide();
    actions.forEach(this::perform);
    return actions;
  }

  private void perform(Action action) {
    switch (action) {
      case Action.Become become -> role = become.role();
      case Action.Remember remember -> damping = remember.damping();
      case Action.Seal seal -> sealedEpoch = seal.epoch();
      case Action.Follow _ -> sealedEpoch = 0;
      case Action.Campaign _ -> attempt = new Attempt.Standing();
      case Action.Release _ -> heldEpoch = 0;
      case Action.WriteRecord record ->
          write = new RecordWrite(record.version(), record.roles(), true);
      case Action.Fence fenced -> fencing = new Fencing(fenced.epoch(), Fencing.Answer.ASKED);
      case Action.Perform work -> task = new Task(work.number(), Task.State.RUNNING, "");
      case Action.HoldGate _ -> gateHeld = true;
      case Action.FreeGate _ -> gateHeld = false;
      case Action.Answer _ -> order = new Order.None();
      case Action.Inquire _, Action.BeginLease _, Action.RebuildRecord _ -> {}
    }
  }

  /** Decides until nothing is to be done; what was done on the way. */
  List<Action> settle() {
    return Stream.generate(this::step).takeWhile(actions -> !actions.isEmpty()).toList().stream()
        .flatMap(List::stream)
        .toList();
  }

  void pass(Duration time) {
    now += time.toNanos();
  }

  /** The write of the record was done. */
  void written() {
    RecordWrite done = write;
    if (done == null || done.version() != version) {
      throw new AssertionError("no write is open: " + done);
    }
    recorded(done.roles());
  }

  /** The record is this from now on. */
  void recorded(Roles changed) {
    version++;
    roles = changed;
    write = null;
  }

  /** A write of the record got no answer. */
  void unanswered() {
    RecordWrite open = write;
    if (open == null) {
      throw new AssertionError("no write is open");
    }
    write = new RecordWrite(open.version(), open.roles(), false);
  }

  void worked() {
    task = new Task(task.number(), Task.State.DONE, "");
  }

  void workFailed(String problem) {
    task = new Task(task.number(), Task.State.FAILED, problem);
  }

  /**
   * The lease is over, and this node stands and was endorsed; the record is about to be written.
   */
  void endorsed() {
    over = true;
    settle();
    attempt = new Attempt.Endorsed(4);
    step();
  }

  /** It is promoted as far as that stage, whose work has begun. */
  void promotedTo(Stage stage) {
    endorsed();
    written();
    step();
    heldEpoch = 4;
    step();
    while (((Role.Promoting) role).stage() != stage) {
      worked();
      step();
    }
  }

  static <T extends Action> T only(Class<T> kind, List<Action> actions) {
    List<T> found = actions.stream().filter(kind::isInstance).map(kind::cast).toList();
    if (found.size() != 1) {
      throw new AssertionError("not one " + kind.getSimpleName() + " in " + actions);
    }
    return found.getFirst();
  }

  static List<Class<?>> kinds(List<Action> actions) {
    return actions.stream().<Class<?>>map(Action::getClass).toList();
  }
}

package org.hotspare.failover;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hotspare.failover.LeaseView.Attempt;
import org.hotspare.failover.Role.Candidate;
import org.hotspare.failover.Role.Candidate.Phase;
import org.hotspare.lease.Roles;
import org.hotspare.tree.Position;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who stands for election, and when. */
final class ElectionTest {
  private static final Duration APART = Scene.TIMING.apart();

  private static Phase phase(Scene scene) {
    assertThat(scene.role).isInstanceOf(Candidate.class);
    return ((Candidate) scene.role).phase();
  }

  @Test
  void nothingHappensWhileThePrimaryIsHeard() {
    assertThat(new Scene().decide()).isEmpty();
  }

  @Test
  void aStandbyStandsWhenTheLeaseIsOver() {
    Scene scene = new Scene();
    scene.over = true;
    List<Action> first = scene.step();
    assertThat(first.subList(1, first.size()))
        .containsExactly(new Action.Seal(3), new Action.Inquire(Set.of("alpha")));
    scene.settle();
    assertThat(phase(scene)).isEqualTo(Phase.STANDING);
    assertThat(scene.attempt).isEqualTo(new Attempt.Standing());
  }

  @Test
  void itDoesNotStandBeforeItsMirrorsAcceptNothing() {
    Scene scene = new Scene();
    scene.over = true;
    scene.step();
    scene.sealedEpoch = 2;
    assertThat(scene.settle()).isEmpty();
    assertThat(phase(scene)).isEqualTo(Phase.ASKING);
    scene.pass(Scene.TIMING.limit(Stage.SETTLE));
    scene.step();
    assertThat(scene.role).isInstanceOf(Role.Standby.class);
  }

  /** What it waits for is done beside the election. */
  @Test
  void whomThePrimaryNamedDoesNotWaitForItsMirrors() {
    Scene scene = new Scene();
    scene.over = true;
    scene.step();
    scene.sealedEpoch = 2;
    assertThat(scene.settle()).isEmpty();
    scene.report("alpha", new Report(3, 0, Map.of("www", Scene.HERE), "rests", "beta", Map.of()));
    scene.settle();
    assertThat(phase(scene)).isEqualTo(Phase.STANDING);
  }

  record Refusal(String name, Consumer<Scene> change, String reason) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Refusal> refusals() {
    return Stream.of(
        new Refusal("outside the set", s -> s.roles = s.roles.withPromotable(Set.of()), "may lack"),
        new Refusal(
            "first copy",
            s -> s.neverComplete = "the first copy of www is under way",
            "first copy"),
        new Refusal("lacks something", s -> s.incomplete = "www lacks 3 entries", "lacks 3"),
        new Refusal("knows nothing", s -> s.recordConfirmed = false, "no majority told"),
        new Refusal(
            "another record",
            s -> s.report("gamma", new Report(1003, 0, Map.of(), "", "", Map.of())),
            "a higher epoch"),
        new Refusal(
            "a copy of a newer epoch",
            s -> s.durable = Map.of("www", new Position(4, 1)),
            "a higher epoch"),
        new Refusal("too far behind", s -> s.lag = Duration.ofSeconds(6), "more than 5 s behind"),
        new Refusal(
            "paused",
            s -> s.roles = s.roles.withPause(new Roles.Pause("new switch", 0)),
            "paused: new switch"),
        new Refusal("by hand", s -> s.automatic = false, "automatic failover is off"),
        new Refusal("own disk", s -> s.ownFailing = Map.of("disk", "hangs"), "disk fails: hangs"),
        new Refusal(
            "failed before",
            s -> s.damping = Damping.NONE.failed("the services did not start: no", s.now),
            "not tried again for 5 min"),
        new Refusal(
            "two voters",
            s -> s.roles = s.roles.withVoters(Set.of("alpha", "beta")),
            "roles change by hand only"),
        new Refusal("not to be promoted", s -> s.self = "delta", "configuration says"));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void whoMustNotBePromotedSaysWhyOnce(Refusal refusal) {
    Scene scene = new Scene();
    refusal.change().accept(scene);
    scene.over = true;
    Action.Become become = Scene.only(Action.Become.class, scene.step());
    assertThat(become.reason()).contains(refusal.reason());
    assertThat(scene.role).isInstanceOf(Role.Standby.class);
    assertThat(scene.decide()).isEmpty();
  }

  @Test
  void whatIsNoMoreInTheWayIsSaidToo() {
    Scene scene = new Scene();
    scene.over = true;
    scene.neverComplete = "the first copy of www is under way";
    scene.step();
    scene.neverComplete = "";
    assertThat(Scene.only(Action.Become.class, scene.step()).reason()).startsWith("nothing speaks");
    scene.step();
    assertThat(phase(scene)).isEqualTo(Phase.ASKING);
  }

  private static Scene threeDataNodes() {
    Scene scene = new Scene();
    scene.dataNodes = Set.of("alpha", "beta", "delta");
    scene.roles = scene.roles.withPromotable(Set.of("beta", "delta"));
    scene.over = true;
    scene.step();
    return scene;
  }

  private static Report at(long sequence, String unwilling) {
    return new Report(3, 0, Map.of("www", new Position(3, sequence)), unwilling, "", Map.of());
  }

  @Test
  void itWaitsForTheOtherMembersAndNoLonger() {
    Scene scene = threeDataNodes();
    assertThat(scene.decide()).isEmpty();
    scene.pass(Scene.TIMING.answers());
    scene.step();
    assertThat(phase(scene)).isEqualTo(Phase.WAITING);
  }

  @Test
  void whatWasSaidBeforeIsNoAnswer() {
    Scene scene = threeDataNodes();
    scene.heard.put("delta", new Report.Heard(at(500, ""), scene.now - 1));
    assertThat(scene.decide()).isEmpty();
  }

  record Rank(long others, String unwilling, boolean first) {}

  static Stream<Rank> ranks() {
    return Stream.of(
        new Rank(99, "", true),
        new Rank(100, "", true),
        new Rank(101, "", false),
        new Rank(101, "its own disk fails", true));
  }

  @ParameterizedTest
  @MethodSource("ranks")
  void theFurthestGoesFirstAndThenByName(Rank rank) {
    Scene scene = threeDataNodes();
    scene.report("delta", at(rank.others(), rank.unwilling()));
    scene.settle();
    if (!rank.first()) {
      assertThat(phase(scene)).isEqualTo(Phase.WAITING);
      scene.pass(APART);
      scene.settle();
    }
    assertThat(phase(scene)).isEqualTo(Phase.STANDING);
  }

  @Test
  void whomThePrimaryNamedGoesFirst() {
    Scene scene = threeDataNodes();
    scene.report("delta", at(100, ""));
    scene.report("alpha", new Report(3, 0, Map.of(), "it was primary", "delta", Map.of()));
    scene.settle();
    assertThat(phase(scene)).isEqualTo(Phase.WAITING);
  }

  @Test
  void whoWasNamedWaitsForNobodyAndNeedsNoAutomatism() {
    Scene scene = new Scene();
    scene.dataNodes = Set.of("alpha", "beta", "delta");
    scene.roles = scene.roles.withPromotable(Set.of("beta", "delta"));
    scene.automatic = false;
    scene.report("alpha", new Report(3, 0, Map.of(), "it was primary", "beta", Map.of()));
    scene.over = true;
    scene.settle();
    assertThat(phase(scene)).isEqualTo(Phase.STANDING);
  }

  record End(String name, Consumer<Scene> change, String reason) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<End> ends() {
    return Stream.of(
        new End("heard again", s -> s.over = false, "heard again"),
        new End("record moved", s -> s.recorded(s.roles.withPromotable(Set.of("beta"))), "changed"),
        new End("own disk", s -> s.ownFailing = Map.of("disk", "full"), "disk fails"),
        new End(
            "not endorsed",
            s -> s.attempt = new Attempt.NotEndorsed(4, "no majority has answered"),
            "no majority has answered"),
        new End(
            "no end", s -> s.pass(Scene.TIMING.campaign().multipliedBy(2)), "not asked within"));
  }

  @ParameterizedTest
  @MethodSource("ends")
  void anAttemptThatEndsIsRepeatedAfterARandomTime(End end) {
    Scene scene = new Scene();
    scene.over = true;
    scene.settle();
    end.change().accept(scene);
    assertThat(Scene.only(Action.Become.class, scene.step()).reason()).contains(end.reason());
    assertThat(scene.role).isInstanceOf(Role.Standby.class);
    assertThat(((Role.Standby) scene.role).notBeforeNanos())
        .isEqualTo(scene.now + APART.dividedBy(2).toNanos());
    assertThat(scene.step()).contains(new Action.Follow("alpha", 3));
  }

  @Test
  void onlyTheNodeThatMadeTheClusterOpensTheFirstEpoch() {
    for (boolean initiator : new boolean[] {true, false}) {
      Scene scene = new Scene();
      scene.roles = Roles.NONE;
      scene.role = Role.Unsettled.started(scene.now);
      scene.initiator = initiator;
      scene.over = true;
      scene.step();
      scene.worked();
      scene.step();
      scene.worked();
      scene.settle();
      assertThat(scene.role).isInstanceOf(Role.Standby.class);
      scene.pass(APART);
      scene.settle();
      assertThat(scene.role instanceof Candidate).isEqualTo(initiator);
      if (initiator) {
        scene.attempt = new Attempt.Endorsed(1);
        Roles roles = Scene.only(Action.WriteRecord.class, scene.step()).roles();
        assertThat(roles).isEqualTo(new Roles(1, "beta", Set.of(), scene.voters, null));
      }
    }
  }

  @Test
  void aNodeThatKnowsNothingYetLeavesEverythingAsItIs() {
    Scene scene = new Scene();
    scene.version = 0;
    scene.roles = Roles.NONE;
    scene.recordConfirmed = false;
    scene.role = Role.Unsettled.started(scene.now);
    scene.gateHeld = true;
    assertThat(scene.decide()).isEmpty();
    scene.report("gamma", new Report(3, 0, Map.of(), "", "", Map.of()));
    assertThat(scene.decide()).as("it may be the primary of that epoch").isEmpty();
    scene.report("beta", new Report(3, 3, Map.of(), "", "", Map.of()));
    scene.self = "alpha";
    scene.step();
    assertThat(scene.role).as("another leads").isInstanceOf(Role.Demoting.class);
    assertThat(scene.gateHeld).isFalse();
  }

  @Test
  void aPauseThatWasKnownBeforeTheStartCountsAndItsLackToo() {
    for (boolean paused : new boolean[] {true, false}) {
      Scene scene = new Scene();
      scene.self = "alpha";
      scene.roles = paused ? scene.roles.withPause(new Roles.Pause("upgrade", 0)) : scene.roles;
      scene.recordConfirmed = false;
      scene.role = Role.Unsettled.started(scene.now);
      scene.gateHeld = true;
      boolean freed = scene.decide().stream().anyMatch(Action.FreeGate.class::isInstance);
      assertThat(freed).as("freed, paused: " + paused).isEqualTo(!paused);
    }
  }

  @Test
  void ofTwoRecordsTheOneThatWasRebuiltCounts() {
    Scene scene = Scene.primary();
    scene.report("beta", new Report(1004, 1005, Map.of(), "", "", Map.of()));
    scene.step();
    assertThat(scene.role).isInstanceOf(Role.Demoting.class);
    assertThat(scene.view().leader()).isEqualTo(new View.Leader("beta", 1005));
  }

  @Test
  void aNodeThatReturnsAndIsNotThePrimaryTakesDownWhatIsLeft() {
    Scene scene = new Scene();
    scene.role = Role.Unsettled.started(scene.now);
    assertThat(Scene.only(Action.Perform.class, scene.step()).stage())
        .isEqualTo(Stage.SERVICES_STOP);
    scene.worked();
    assertThat(Scene.only(Action.Perform.class, scene.step()).stage())
        .isEqualTo(Stage.ADDRESS_REMOVE);
    scene.worked();
    assertThat(scene.settle()).contains(new Action.Follow("alpha", 3));
  }

  @Test
  void aPrimaryThatWasStartedAgainIsPromotedAnewAndItsServicesAreLeft() {
    Scene scene = new Scene();
    scene.roles = new Roles(3, "beta", Set.of("alpha"), scene.voters, null);
    scene.role = Role.Unsettled.started(scene.now);
    scene.over = true;
    scene.step();
    scene.report("alpha", at(100, ""));
    scene.settle();
    assertThat(phase(scene)).isEqualTo(Phase.WAITING);
    scene.pass(APART);
    scene.settle();
    scene.attempt = new Attempt.Endorsed(4);
    Roles roles = Scene.only(Action.WriteRecord.class, scene.step()).roles();
    assertThat(roles).isEqualTo(new Roles(4, "beta", Set.of("alpha"), scene.voters, null));
  }

  @Test
  void aPrimaryThatCrashedWaitsLongerForThoseThatMayBeFurther() {
    Scene scene = new Scene();
    scene.roles = new Roles(3, "beta", Set.of("alpha"), scene.voters, null);
    scene.role = Role.Unsettled.started(scene.now);
    scene.crashed = true;
    scene.over = true;
    scene.step();
    scene.pass(Scene.TIMING.crashAnswers().minusNanos(1));
    assertThat(scene.decide()).isEmpty();
    scene.pass(Duration.ofNanos(1));
    scene.settle();
    assertThat(phase(scene)).isEqualTo(Phase.STANDING);
  }
}

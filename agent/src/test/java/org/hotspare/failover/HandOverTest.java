package org.hotspare.failover;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hotspare.lease.Roles;
import org.junit.jupiter.api.Test;

/** Planned and unplanned changes of a primary that works. */
final class HandOverTest {
  private static Scene switchingOver() {
    Scene scene = Scene.primary();
    scene.order = new Order.Switchover("beta");
    assertThat(Scene.only(Action.Perform.class, scene.step()).stage()).isEqualTo(Stage.DRAIN);
    return scene;
  }

  private static Scene drained() {
    Scene scene = switchingOver();
    scene.worked();
    assertThat(Scene.only(Action.Perform.class, scene.step()).stage()).isEqualTo(Stage.GATE_SHUT);
    return scene;
  }

  private static Stage stage(Scene scene) {
    assertThat(scene.role).isInstanceOf(Role.HandingOver.class);
    return ((Role.HandingOver) scene.role).stage();
  }

  private static Scene atBarrier() {
    Scene scene = drained();
    scene.worked();
    assertThat(Scene.only(Action.Perform.class, scene.step()).stage())
        .isEqualTo(Stage.SERVICES_STOP);
    scene.worked();
    assertThat(Scene.only(Action.Perform.class, scene.step()).stage()).isEqualTo(Stage.BARRIER);
    return scene;
  }

  @Test
  void theLeaseIsGivenUpOnlyWhenTheOtherNodeHasEverything() {
    Scene scene = atBarrier();
    assertThat(FailoverPolicy.report(scene.view(), scene.now).handsOverTo())
        .as("as long as there is a way back nobody is invited")
        .isEmpty();
    assertThat(scene.decide()).isEmpty();
    assertThat(scene.heldEpoch).isEqualTo(3);
    scene.worked();
    assertThat(Scene.only(Action.Perform.class, scene.step()).stage())
        .as("the services are stopped")
        .isEqualTo(Stage.ADDRESS_REMOVE);
    assertThat(scene.heldEpoch).isZero();
    Report report = FailoverPolicy.report(scene.view(), scene.now);
    assertThat(report.handsOverTo()).isEqualTo("beta");
    assertThat(report.unwilling()).isNotEmpty();
  }

  @Test
  void whoeverAskedIsToldWhenTheOtherNodeIsThePrimary() {
    Scene scene = givenWay();
    assertThat(scene.decide()).isEmpty();
    scene.recorded(scene.roles.promoted("beta", 4));
    assertThat(Scene.only(Action.Answer.class, scene.step()).done()).isTrue();
    assertThat(scene.role).isInstanceOf(Role.Standby.class);
  }

  @Test
  void whoeverAskedIsToldNothingWhileItIsNotKnownWhoTookOver() {
    Scene scene = givenWay();
    scene.report("gamma", new Report(4, 0, Map.of(), "", "", Map.of()));
    assertThat(scene.decide()).isEmpty();
    scene.report("beta", new Report(4, 4, Map.of("www", Scene.HERE), "", "", Map.of()));
    assertThat(Scene.only(Action.Answer.class, scene.step()).done()).isTrue();
    assertThat(scene.role).isInstanceOf(Role.Standby.class);
  }

  @Test
  void whoeverAskedIsToldThatTheOtherNodeDidNotTakeOver() {
    Scene scene = givenWay();
    scene.pass(Scene.TIMING.rest());
    assertThat(Scene.only(Action.Answer.class, scene.step()).done()).isFalse();
    assertThat(scene.role).isInstanceOf(Role.Standby.class);
  }

  /** Its services are stopped and its address is removed. */
  private static Scene givenWay() {
    Scene scene = atBarrier();
    scene.worked();
    scene.step();
    scene.worked();
    return scene;
  }

  @Test
  void theFormerPrimaryLetsTheOtherNodeGoFirst() {
    Scene scene = givenWay();
    scene.order = new Order.None();
    scene.over = true;
    scene.settle();
    assertThat(scene.role).isInstanceOf(Role.Standby.class);
    scene.pass(Scene.TIMING.rest());
    scene.settle();
    assertThat(scene.role).as("nobody took over").isInstanceOf(Role.Candidate.class);
  }

  @Test
  void whoDoesNotGetWhatWasWrittenCallsItOffBeforeClientsNoticeAnything() {
    Scene scene = switchingOver();
    scene.workFailed("beta: still catching up");
    Action.Answer answer = Scene.only(Action.Answer.class, scene.step());
    assertThat(answer.done()).isFalse();
    assertThat(answer.reason()).contains("did not get everything").contains("catching up");
    assertThat(scene.role)
        .as("nothing was stopped, so nothing is started")
        .isEqualTo(new Role.Primary(3, scene.now, Map.of(), ""));
  }

  @Test
  void aStopGoesOnWhereTheOtherNodeDidNotGetWhatWasWrittenBefore() {
    Scene scene = Scene.primary();
    scene.order = new Order.Stop(scene.now);
    scene.step();
    assertThat(stage(scene)).isEqualTo(Stage.DRAIN);
    scene.pass(Scene.TIMING.barrier());
    for (Stage next : List.of(Stage.GATE_SHUT, Stage.SERVICES_STOP, Stage.BARRIER)) {
      scene.step();
      assertThat(stage(scene)).isEqualTo(next);
      scene.worked();
    }
    assertThat(Scene.only(Action.Become.class, scene.step()).reason()).contains("has everything");
  }

  @Test
  void aHeldGateIsFreedOnlyWhenTheOtherNodeHasWhatWasWrittenSoFar() {
    Scene scene = byHand();
    scene.order = new Order.Switchover("beta");
    assertThat(scene.step()).noneMatch(Action.FreeGate.class::isInstance);
    assertThat(scene.decide()).as("while that is under way").isEmpty();
    scene.worked();
    assertThat(scene.step()).anyMatch(Action.FreeGate.class::isInstance);
    assertThat(stage(scene)).isEqualTo(Stage.GATE_SHUT);
  }

  @Test
  void ofTwoVotersNothingIsTakenDownWhereTheOtherDiesBeforeTheGateIsShut() {
    Scene scene = byHand();
    scene.order = new Order.Switchover("beta");
    scene.step();
    scene.heldEpoch = 0;
    scene.over = true;
    List<Action> actions = scene.step();
    assertThat(Scene.only(Action.Answer.class, actions).done()).isFalse();
    assertThat(actions).noneMatch(Action.Perform.class::isInstance);
    assertThat(scene.role).isInstanceOf(Role.Unsettled.class);
    assertThat(scene.decide()).noneMatch(Action.FreeGate.class::isInstance);
  }

  @Test
  void aBarrierThatFailsCallsItOff() {
    Scene scene = atBarrier();
    scene.pass(Scene.TIMING.barrier());
    List<Action> actions = scene.step();
    assertThat(Scene.only(Action.Answer.class, actions).done()).isFalse();
    assertThat(Scene.only(Action.Perform.class, actions).stage()).isEqualTo(Stage.SERVICES_START);
    assertThat(FailoverPolicy.report(scene.view(), scene.now).handsOverTo()).isEmpty();
    scene.worked();
    assertThat(Scene.only(Action.Perform.class, scene.step()).stage()).isEqualTo(Stage.GATE);
    scene.worked();
    scene.step();
    assertThat(scene.role).isEqualTo(new Role.Primary(3, scene.now, Map.of(), ""));
    assertThat(scene.heldEpoch).isEqualTo(3);
  }

  @Test
  void servicesThatDoNotStartAgainEndIt() {
    Scene scene = atBarrier();
    scene.workFailed("beta is away");
    scene.step();
    scene.workFailed("exit status 1");
    scene.step();
    assertThat(scene.role).isInstanceOf(Role.Demoting.class);
    assertThat(scene.damping.failure()).contains("exit status 1");
    assertThat(scene.heldEpoch).isZero();
  }

  @Test
  void whatIsInVainIsCalledOffAtOnce() {
    List<Scene> scenes = List.of(switchingOver(), drained(), atBarrier());
    scenes.get(0).recorded(scenes.get(0).roles.withPromotable(Set.of()));
    scenes.get(1).follower("beta", Scene.away(Duration.ofMillis(1)));
    scenes.get(2).recorded(scenes.get(2).roles.withPause(new Roles.Pause("upgrade", 0)));
    for (Scene scene : scenes) {
      assertThat(Scene.only(Action.Answer.class, scene.step()).done()).isFalse();
    }
    assertThat(scenes.get(0).role).as("its gate was open").isInstanceOf(Role.Primary.class);
    assertThat(stage(scenes.get(1))).isEqualTo(Stage.SERVICES_START);
    assertThat(stage(scenes.get(2))).isEqualTo(Stage.SERVICES_START);
  }

  @Test
  void aPauseCallsOffAlsoWhatIsNotPlanned() {
    Scene failing = Scene.primary();
    failing.ownFailing = Map.of("disk", "hangs");
    Scene stopped = Scene.primary();
    stopped.order = new Order.Stop(stopped.now);
    for (Scene scene : List.of(failing, stopped)) {
      scene.step();
      scene.recorded(scene.roles.withPause(new Roles.Pause("upgrade", 0)));
      scene.step();
      assertThat(scene.heldEpoch).isEqualTo(3);
    }
    assertThat(stage(failing)).isEqualTo(Stage.SERVICES_START);
    assertThat(stopped.role).as("its gate was open").isInstanceOf(Role.Primary.class);
  }

  @Test
  void theBarrierComesOnlyWhenTheGateIsNotHeld() {
    Scene scene = byHand();
    scene.order = new Order.Switchover("beta");
    scene.step();
    scene.worked();
    scene.step();
    scene.gateHeld = true;
    scene.worked();
    assertThat(scene.step())
        .as("it is freed again")
        .hasSize(1)
        .allMatch(Action.FreeGate.class::isInstance);
    assertThat(stage(scene)).isEqualTo(Stage.GATE_SHUT);
    scene.gateHeld = true;
    scene.pass(Scene.TIMING.limit(Stage.GATE_SHUT));
    scene.step();
    assertThat(stage(scene)).isEqualTo(Stage.SERVICES_START);
  }

  /** Of two voters, with the gate held. */
  private static Scene byHand() {
    Scene scene = Scene.primary();
    scene.voters = Set.of("alpha", "beta");
    scene.roles = scene.roles.withVoters(scene.voters);
    scene.settle();
    assertThat(scene.gateHeld).isTrue();
    return scene;
  }

  @Test
  void nobodyIsInvitedAndTheLeaseIsKeptWhileTheGateIsHeld() {
    Scene scene = byHand();
    scene.order = new Order.Stop(scene.now);
    while (!(scene.role instanceof Role.Demoting)) {
      scene.step();
      scene.worked();
    }
    scene.gateHeld = true;
    assertThat(FailoverPolicy.report(scene.view(), scene.now).handsOverTo()).isEmpty();
  }

  @Test
  void theLeaseIsReleasedOnlyWhenTheGateIsNotHeld() {
    Scene scene = byHand();
    scene.followers.clear();
    scene.roles = scene.roles.withPromotable(Set.of());
    scene.order = new Order.Stop(scene.now);
    assertThat(scene.step()).noneMatch(Action.Release.class::isInstance);
    scene.gateHeld = true;
    assertThat(scene.step()).hasSize(1).allMatch(Action.FreeGate.class::isInstance);
    assertThat(scene.step()).hasSize(1).allMatch(Action.Release.class::isInstance);
  }

  @Test
  void aPrimaryThatFailsHandsOverWhetherOrNotTheBarrierPasses() {
    Scene scene = Scene.primary();
    scene.ownFailing = Map.of("disk", "hangs");
    scene.step();
    scene.worked();
    scene.step();
    scene.workFailed("they hang");
    scene.step();
    scene.pass(Scene.TIMING.steady());
    scene.order = new Order.Switchover("beta");
    List<Action> actions = scene.step();
    assertThat(Scene.only(Action.Become.class, actions).reason())
        .contains("may lack what was not confirmed")
        .contains("they hang");
    assertThat(Scene.only(Action.Answer.class, actions).done()).isFalse();
    assertThat(scene.role).isInstanceOf(Role.Demoting.class);
    assertThat(scene.damping.failure()).contains("disk");
  }

  @Test
  void theLossOfTheLeaseEndsIt() {
    Scene scene = atBarrier();
    scene.heldEpoch = 0;
    assertThat(Scene.only(Action.Answer.class, scene.step()).done()).isFalse();
    assertThat(scene.role).isInstanceOf(Role.Demoting.class);
  }

  @Test
  void whoCannotTakeOverIsRefused() {
    Scene away = Scene.primary();
    away.follower("beta", Scene.away(Duration.ofSeconds(1)));
    Scene outside = Scene.primary();
    outside.roles = outside.roles.withPromotable(Set.of());
    Scene silent = Scene.primary();
    silent.pass(Scene.TIMING.fresh());
    Scene unwell = Scene.primary();
    unwell.report("beta", new Report(3, 0, Map.of(), "its own disk fails", "", Map.of()));
    Scene paused = Scene.primary();
    paused.roles = paused.roles.withPause(new Roles.Pause("upgrade", 0));
    Map<Scene, String> reasons =
        Map.of(
            away, "not connected",
            outside, "does not have all that was confirmed",
            silent, "nothing was heard",
            unwell, "its own disk fails",
            paused, "paused");
    reasons.forEach(
        (scene, reason) -> {
          scene.order = new Order.Switchover("beta");
          Action.Answer answer = Scene.only(Action.Answer.class, scene.step());
          assertThat(answer.done()).isFalse();
          assertThat(answer.reason()).contains(reason);
          assertThat(scene.role).isInstanceOf(Role.Primary.class);
        });
  }

  @Test
  void aStopHandsOverFirst() {
    Scene scene = Scene.primary();
    scene.order = new Order.Stop(scene.now);
    scene.step();
    assertThat(scene.role).isInstanceOf(Role.HandingOver.class);
    while (stage(scene) != Stage.BARRIER) {
      scene.worked();
      scene.step();
    }
    scene.workFailed("beta is away");
    scene.step();
    assertThat(scene.role).as("a stop is not called off").isInstanceOf(Role.Demoting.class);
    scene.worked();
    scene.step();
    scene.worked();
    assertThat(scene.decide()).as("it goes on to vote").isEmpty();
    scene.recorded(scene.roles.promoted("beta", 4));
    assertThat(Scene.only(Action.Answer.class, scene.settle()).done()).isTrue();
  }

  @Test
  void aStopWithoutAnotherNodeTakesEverythingDown() {
    Scene scene = Scene.primary();
    scene.followers.clear();
    scene.roles = scene.roles.withPromotable(Set.of());
    scene.order = new Order.Stop(scene.now);
    scene.step();
    assertThat(scene.role).isInstanceOf(Role.Demoting.class);
  }

  @Test
  void aStopWaitsForAWhileForAMemberThatIsNotWillingYet() {
    Scene scene = Scene.primary();
    scene.report(
        "beta", new Report(3, 0, Map.of(), "it was a candidate a moment ago", "", Map.of()));
    scene.order = new Order.Stop(scene.now);
    assertThat(scene.decide()).isEmpty();
    Scene late = Scene.primary();
    late.report(
        "beta", new Report(3, 0, Map.of(), "it was a candidate a moment ago", "", Map.of()));
    late.order = new Order.Stop(late.now - Scene.TIMING.away().toNanos());
    late.step();
    assertThat(late.role).as("it does not wait for ever").isInstanceOf(Role.Demoting.class);
    scene.report("beta", Scene.willing());
    scene.step();
    assertThat(scene.role).isInstanceOf(Role.HandingOver.class);
  }

  @Test
  void nothingIsHandedOverWhileTheRecordMayChange() {
    Scene scene = Scene.primary();
    scene.write = new RecordWrite(7, scene.roles.withPromotable(Set.of()), true);
    scene.order = new Order.Switchover("beta");
    assertThat(scene.decide()).isEmpty();
    scene.recorded(scene.roles.withPromotable(Set.of()));
    assertThat(Scene.only(Action.Answer.class, scene.step()).done()).isFalse();
  }

  @Test
  void whoAskedForAnotherNodeIsNotToldThatItIsDone() {
    Scene scene = Scene.primary();
    scene.ownFailing = Map.of("disk", "hangs");
    scene.step();
    scene.order = new Order.Switchover("gamma");
    for (int i = 0; i < 3; i++) {
      scene.worked();
      scene.step();
    }
    assertThat(scene.role).isInstanceOf(Role.Demoting.class);
    assertThat(scene.order).as("answered").isInstanceOf(Order.None.class);
  }

  @Test
  void aStopUnderAPauseLeavesEverything() {
    Scene scene = Scene.primary();
    scene.roles = scene.roles.withPause(new Roles.Pause("upgrade", 0));
    scene.settle();
    scene.order = new Order.Stop(scene.now);
    assertThat(Scene.kinds(scene.step())).containsExactly(Action.Answer.class);
    assertThat(scene.role).isInstanceOf(Role.Primary.class);
    assertThat(scene.gateHeld).isTrue();
  }
}

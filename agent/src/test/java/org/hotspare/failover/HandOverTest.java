package org.hotspare.failover;

import static org.assertj.core.api.Assertions.assertThat;

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
    assertThat(Scene.only(Action.Perform.class, scene.step()).stage())
        .isEqualTo(Stage.SERVICES_STOP);
    return scene;
  }

  private static Scene atBarrier() {
    Scene scene = switchingOver();
    scene.worked();
    assertThat(Scene.only(Action.Perform.class, scene.step()).stage()).isEqualTo(Stage.BARRIER);
    return scene;
  }

  @Test
  void theLeaseIsGivenUpOnlyWhenTheOtherNodeHasEverything() {
    Scene scene = atBarrier();
    assertThat(FailoverPolicy.report(scene.view(), scene.now).handsOverTo()).isEqualTo("beta");
    assertThat(scene.decide()).isEmpty();
    assertThat(scene.heldEpoch).isEqualTo(3);
    scene.worked();
    List<Action> actions = scene.step();
    assertThat(Scene.only(Action.Answer.class, actions).done()).isTrue();
    assertThat(scene.heldEpoch).isZero();
    Report report = FailoverPolicy.report(scene.view(), scene.now);
    assertThat(report.handsOverTo()).isEqualTo("beta");
    assertThat(report.unwilling()).isNotEmpty();
  }

  @Test
  void theFormerPrimaryLetsTheOtherNodeGoFirst() {
    Scene scene = atBarrier();
    scene.worked();
    scene.step();
    scene.over = true;
    scene.worked();
    scene.step();
    scene.worked();
    scene.settle();
    assertThat(scene.role).isInstanceOf(Role.Standby.class);
    scene.pass(Scene.TIMING.rest());
    scene.settle();
    assertThat(scene.role).as("nobody took over").isInstanceOf(Role.Candidate.class);
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
  void theOtherNodeMustStillBePromotable() {
    Scene scene = atBarrier();
    scene.recorded(scene.roles.withPromotable(Set.of()));
    scene.worked();
    assertThat(Scene.only(Action.Perform.class, scene.step()).stage())
        .isEqualTo(Stage.SERVICES_START);
  }

  @Test
  void aPrimaryThatFailsHandsOverWhetherOrNotTheBarrierPasses() {
    Scene scene = Scene.primary();
    scene.ownFailing = Map.of("disk", "hangs");
    scene.step();
    scene.workFailed("they hang");
    scene.step();
    scene.pass(Scene.TIMING.barrier());
    scene.order = new Order.Switchover("beta");
    List<Action> actions = scene.step();
    assertThat(Scene.only(Action.Become.class, actions).reason())
        .contains("may lack what was not confirmed");
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
    away.follower("beta", Scene.away(java.time.Duration.ofSeconds(1)));
    Scene outside = Scene.primary();
    outside.roles = outside.roles.withPromotable(Set.of());
    Scene silent = Scene.primary();
    silent.pass(Scene.TIMING.fresh());
    Scene unwell = Scene.primary();
    unwell.report("beta", new Report(3, 0, Map.of(), "its own disk fails", "", Map.of()));
    Scene paused = Scene.primary();
    paused.roles = paused.roles.withPause(new Roles.Pause("upgrade", 0));
    for (Scene scene : List.of(away, outside, silent, unwell, paused)) {
      scene.order = new Order.Switchover("beta");
      assertThat(Scene.only(Action.Answer.class, scene.step()).done()).isFalse();
      assertThat(scene.role).isInstanceOf(Role.Primary.class);
    }
  }

  @Test
  void aStopHandsOverFirst() {
    Scene scene = Scene.primary();
    scene.order = new Order.Stop();
    scene.step();
    assertThat(scene.role).isInstanceOf(Role.HandingOver.class);
    scene.worked();
    scene.step();
    scene.workFailed("beta is away");
    scene.step();
    assertThat(scene.role).as("a stop is not called off").isInstanceOf(Role.Demoting.class);
    scene.worked();
    scene.step();
    scene.worked();
    assertThat(Scene.only(Action.Answer.class, scene.settle()).done()).isTrue();
  }

  @Test
  void aStopWithoutAnotherNodeTakesEverythingDown() {
    Scene scene = Scene.primary();
    scene.followers.clear();
    scene.order = new Order.Stop();
    scene.step();
    assertThat(scene.role).isInstanceOf(Role.Demoting.class);
  }

  @Test
  void aStopUnderAPauseLeavesEverything() {
    Scene scene = Scene.primary();
    scene.roles = scene.roles.withPause(new Roles.Pause("upgrade", 0));
    scene.settle();
    scene.order = new Order.Stop();
    assertThat(Scene.kinds(scene.step())).containsExactly(Action.Answer.class);
    assertThat(scene.role).isInstanceOf(Role.Primary.class);
    assertThat(scene.gateHeld).isTrue();
  }
}

package org.hotspare.failover;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hotspare.lease.Roles;
import org.junit.jupiter.api.Test;

/** What ends a primary, and what does not. */
final class PrimacyTest {
  private static final Roles.Pause PAUSE = new Roles.Pause("upgrade", 0);

  @Test
  void nothingIsToBeDoneWhileAllIsWell() {
    assertThat(Scene.primary().decide()).isEmpty();
  }

  private static void assertDemotes(Scene scene) {
    assertThat(Scene.kinds(scene.step()))
        .containsExactly(Action.Become.class, Action.Release.class, Action.Perform.class);
    assertThat(scene.role).isInstanceOf(Role.Demoting.class);
  }

  @Test
  void theEndOfTheLeaseDemotesAtOnce() {
    Scene scene = Scene.primary();
    scene.heldEpoch = 0;
    assertDemotes(scene);
  }

  @Test
  void anotherPrimaryInTheRecordDemotes() {
    Scene scene = Scene.primary();
    scene.recorded(new Roles(4, "beta", Set.of(), scene.voters, null));
    assertDemotes(scene);
  }

  @Test
  void aHigherEpochHeardOfDemotesAlsoWithHandsOff() {
    Scene scene = Scene.primary();
    scene.roles = scene.roles.withPause(PAUSE);
    scene.step();
    assertThat(scene.gateHeld).isTrue();
    scene.report("beta", new Report(4, 4, Map.of(), "", "", Map.of()));
    assertThat(Scene.kinds(scene.step()))
        .containsExactly(Action.Become.class, Action.FreeGate.class, Action.Perform.class);
    assertThat(Scene.kinds(scene.step())).containsExactly(Action.Release.class);
    scene.worked();
    scene.step();
    scene.worked();
    assertThat(scene.settle()).contains(new Action.Follow("beta", 4));
  }

  @Test
  void servicesAndAddressGoWhetherOrNotThatWorksOut() {
    Scene scene = Scene.primary();
    scene.heldEpoch = 0;
    scene.step();
    scene.pass(Scene.TIMING.services());
    assertThat(Scene.only(Action.Perform.class, scene.step()).stage())
        .isEqualTo(Stage.ADDRESS_REMOVE);
    scene.workFailed("no such device");
    assertThat(Scene.only(Action.Become.class, scene.step()).reason()).contains("no such device");
    assertThat(scene.role).isInstanceOf(Role.Standby.class);
  }

  @Test
  void underAPauseThePrimaryHoldsOnAndTakesItsLeaseAgain() {
    Scene scene = Scene.primary();
    scene.roles = scene.roles.withPause(PAUSE);
    scene.step();
    scene.heldEpoch = 0;
    scene.step();
    assertThat(scene.role).isInstanceOf(Role.Unsettled.class);
    assertThat(scene.gateHeld).isTrue();
    scene.over = true;
    scene.pass(Scene.TIMING.apart());
    scene.step();
    scene.report("beta", Scene.willing());
    scene.settle();
    scene.attempt = new LeaseView.Attempt.Endorsed(5);
    scene.step();
    scene.written();
    scene.step();
    scene.heldEpoch = 5;
    scene.step();
    while (scene.role instanceof Role.Promoting) {
      scene.worked();
      scene.step();
    }
    assertThat(scene.role).isInstanceOf(Role.Primary.class);
    assertThat(scene.roles.pause()).isEqualTo(PAUSE);
    assertThat(scene.roles.promotable()).containsExactly("beta");
    assertThat(scene.gateHeld).isTrue();
  }

  @Test
  void aPromotionUnderAPauseThatFailsTakesNothingDown() {
    Scene scene = Scene.primary();
    scene.roles = scene.roles.withPause(PAUSE);
    scene.gateHeld = true;
    scene.heldEpoch = 5;
    scene.roles = new Roles(5, "alpha", Set.of("beta"), scene.voters, PAUSE);
    scene.role = new Role.Promoting(5, 6, false, false, Stage.SERVICES_START, 0, scene.now);
    scene.workFailed("no");
    assertThat(Scene.kinds(scene.step()))
        .containsExactly(Action.Become.class, Action.Release.class, Action.Remember.class);
    assertThat(scene.role).isInstanceOf(Role.Unsettled.class);
  }

  @Test
  void thePauseEndsByThePrimaryAfterItsGateFollowsTheLease() {
    Scene scene = Scene.primary();
    scene.roles = scene.roles.withPause(PAUSE);
    scene.step();
    scene.order = new Order.Resume();
    assertThat(Scene.kinds(scene.step())).containsExactly(Action.FreeGate.class);
    assertThat(Scene.kinds(scene.step())).containsExactly(Action.WriteRecord.class);
    assertThat(scene.decide()).isEmpty();
    scene.unanswered();
    assertThat(Scene.kinds(scene.step())).containsExactly(Action.WriteRecord.class);
    scene.order = new Order.None();
    assertThat(scene.decide()).as("the gate is not held while the end may be written").isEmpty();
    scene.order = new Order.Resume();
    scene.written();
    assertThat(Scene.only(Action.Answer.class, scene.step()).done()).isTrue();
    assertThat(scene.decide()).isEmpty();
  }

  @Test
  void aPauseWithAnEndEndsByTheWallClock() {
    Scene scene = Scene.primary();
    scene.roles = scene.roles.withPause(new Roles.Pause("an hour", scene.wallSeconds + 3600));
    scene.settle();
    scene.wallSeconds += 3599;
    assertThat(scene.decide()).isEmpty();
    scene.wallSeconds += 1;
    assertThat(Scene.kinds(scene.step())).containsExactly(Action.FreeGate.class);
    assertThat(Scene.kinds(scene.step())).containsExactly(Action.WriteRecord.class);
  }

  @Test
  void twoVotersWithoutAFenceGoWithoutALease() {
    Scene scene = Scene.primary();
    scene.roles = scene.roles.withVoters(Set.of("alpha", "beta"));
    Action.HoldGate hold = Scene.only(Action.HoldGate.class, scene.step());
    assertThat(hold.reason()).contains("two voters and no fence");
    scene.heldEpoch = 0;
    scene.step();
    assertThat(scene.role).isInstanceOf(Role.Unsettled.class);
    assertThat(scene.gateHeld).isTrue();
  }

  private static Report sees(String check) {
    return new Report(3, 0, Map.of("www", Scene.HERE), "", "", Map.of(check, "refused"));
  }

  @Test
  void whatOneOtherNodeSeesMovesNothing() {
    Scene scene = Scene.primary();
    scene.report("beta", sees("http"));
    assertThat(scene.decide()).isEmpty();
    scene.report("gamma", sees("ping"));
    assertThat(scene.decide()).isEmpty();
  }

  @Test
  void whatAStandbyAndTheWitnessSeeMovesIt() {
    Scene scene = Scene.primary();
    scene.report("beta", sees("http"));
    scene.report("gamma", sees("http"));
    assertThat(Scene.only(Action.Become.class, scene.step()).reason())
        .contains("http fails as a standby and another node see it");
    assertThat(scene.role).isInstanceOf(Role.HandingOver.class);
  }

  @Test
  void whatWasSeenLongAgoDoesNotCount() {
    Scene scene = Scene.primary();
    scene.report("beta", sees("http"));
    scene.report("gamma", sees("http"));
    scene.pass(Scene.TIMING.fresh());
    assertThat(scene.decide()).isEmpty();
  }

  @Test
  void whatThePrimarySeesItselfMovesIt() {
    for (boolean ofMachine : new boolean[] {true, false}) {
      Scene scene = Scene.primary();
      if (ofMachine) {
        scene.ownFailing = Map.of("disk", "hangs");
      } else {
        scene.failing = Map.of("http", "refused");
      }
      scene.step();
      assertThat(scene.role).isInstanceOf(Role.HandingOver.class);
    }
  }

  @Test
  void withoutANodeThatIsWellThePrimaryStaysAndSaysSoOnce() {
    Scene scene = Scene.primary();
    scene.failing = Map.of("http", "refused");
    scene.report("beta", new Report(3, 0, Map.of(), "its own disk fails", "", Map.of()));
    Action.Become become = Scene.only(Action.Become.class, scene.step());
    assertThat(become.reason()).contains("no node could take over");
    assertThat(scene.role).isInstanceOf(Role.Primary.class);
    assertThat(scene.decide()).isEmpty();
    scene.failing = Map.of();
    assertThat(Scene.only(Action.Become.class, scene.step()).reason()).contains("any more");
    assertThat(scene.decide()).isEmpty();
  }

  @Test
  void aFailingCheckDoesNotMoveWhatIsToStay() {
    List<Scene> scenes = List.of(Scene.primary(), Scene.primary(), Scene.primary());
    scenes.get(0).automatic = false;
    scenes.get(1).roles = scenes.get(1).roles.withPause(PAUSE);
    scenes.get(2).role =
        new Role.Primary(3, scenes.get(2).now - Duration.ofSeconds(1).toNanos(), Map.of(), "");
    for (Scene scene : scenes) {
      scene.failing = Map.of("http", "refused");
      scene.settle();
      assertThat(scene.role).isInstanceOf(Role.Primary.class);
    }
  }
}

package org.hotspare.failover;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import org.hotspare.failover.Fencing.Answer;
import org.hotspare.failover.LeaseView.Attempt;
import org.hotspare.failover.Role.Candidate;
import org.hotspare.failover.Role.Candidate.Phase;
import org.hotspare.lease.Roles;
import org.junit.jupiter.api.Test;

/** What operators and fences make happen. */
final class OrdersTest {
  private static Phase phase(Scene scene) {
    assertThat(scene.role).isInstanceOf(Candidate.class);
    return ((Candidate) scene.role).phase();
  }

  private static Action.Answer answer(Scene scene) {
    return Scene.only(Action.Answer.class, scene.settle());
  }

  @Test
  void aPauseIsRecordedAndTheGateHeldBeforeItIsAnswered() {
    for (Scene scene : new Scene[] {new Scene(), Scene.primary()}) {
      scene.order = new Order.Pause("new switch", 2_000_000);
      Action.WriteRecord write = Scene.only(Action.WriteRecord.class, scene.step());
      assertThat(write.roles().pause()).isEqualTo(new Roles.Pause("new switch", 2_000_000));
      assertThat(scene.decide()).isEmpty();
      assertThat(scene.gateHeld).isFalse();
      scene.written();
      boolean primary = scene.role instanceof Role.Primary;
      if (primary) {
        assertThat(Scene.kinds(scene.step())).containsExactly(Action.HoldGate.class);
      }
      assertThat(Scene.only(Action.Answer.class, scene.step()).done()).isTrue();
      assertThat(scene.gateHeld).isEqualTo(primary);
    }
  }

  @Test
  void aPauseThatWouldBeOverIsRefused() {
    Scene scene = Scene.primary();
    scene.order = new Order.Pause("new switch", scene.wallSeconds);
    assertThat(answer(scene).done()).isFalse();
    assertThat(scene.write).isNull();
  }

  @Test
  void aPauseWhoseEndIsOnItsWayIsNotAnsweredYet() {
    Scene scene = Scene.primary();
    scene.roles = scene.roles.withPause(new Roles.Pause("upgrade", 0));
    scene.gateHeld = true;
    scene.write = new RecordWrite(7, scene.roles.withPause(null), false);
    scene.order = new Order.Pause("upgrade", 0);
    assertThat(scene.step()).noneMatch(Action.Answer.class::isInstance);
  }

  @Test
  void aStandbyDoesNotEndAPause() {
    Scene scene = new Scene();
    scene.roles = scene.roles.withPause(new Roles.Pause("upgrade", 0));
    scene.order = new Order.Resume();
    Action.Answer answer = answer(scene);
    assertThat(answer.done()).isFalse();
    assertThat(answer.reason()).contains("only the primary, alpha");
  }

  @Test
  void aStandbyDoesNotHandOver() {
    Scene scene = new Scene();
    scene.order = new Order.Switchover("");
    assertThat(answer(scene).done()).isFalse();
  }

  @Test
  void whoIsAskedToStandsThoughTheLeaseIsNotOverToItsKnowledge() {
    Scene scene = new Scene();
    scene.automatic = false;
    scene.order = new Order.Failover(false, false);
    scene.settle();
    assertThat(phase(scene)).isEqualTo(Phase.STANDING);
    scene.attempt = new Attempt.NotEndorsed(4, "no majority has answered");
    assertThat(answer(scene).done()).isFalse();
    assertThat(scene.role).isInstanceOf(Role.Standby.class);
  }

  @Test
  void lossIsAcceptedOnlyWhereAnOperatorSaysSo() {
    Scene scene = new Scene();
    scene.roles = scene.roles.withPromotable(Set.of());
    scene.order = new Order.Failover(false, false);
    assertThat(answer(scene).reason()).contains("--accept-loss");
    scene.order = new Order.Failover(true, false);
    scene.settle();
    assertThat(phase(scene)).isEqualTo(Phase.STANDING);
  }

  @Test
  void noOrderPromotesAnUnfinishedFirstCopy() {
    Scene scene = new Scene();
    scene.neverComplete = "the first copy of www is under way";
    scene.order = new Order.Failover(true, true);
    assertThat(answer(scene).done()).isFalse();
  }

  @Test
  void anyOtherIncompletenessIsALossThatCanBeAccepted() {
    Scene scene = new Scene();
    scene.incomplete = "www was not compared yet";
    scene.order = new Order.Failover(false, false);
    assertThat(answer(scene).reason()).contains("not compared yet; --accept-loss");
    scene.order = new Order.Failover(true, false);
    scene.settle();
    assertThat(phase(scene)).isEqualTo(Phase.STANDING);
  }

  @Test
  void whatOneThatKnowsNothingLacksIsALossThatCanBeAccepted() {
    Scene scene = new Scene();
    scene.roles = Roles.NONE;
    scene.version = 0;
    scene.recordConfirmed = false;
    scene.role = Role.Unsettled.started(scene.now);
    scene.order = new Order.Failover(true, false);
    assertThat(answer(scene).done()).isFalse();
    scene.order = new Order.Failover(false, true);
    assertThat(answer(scene).reason()).contains("--accept-loss");
    scene.order = new Order.Failover(true, true);
    Roles rebuilt = rebuilt(scene).roles();
    assertThat(rebuilt.epoch()).as("above all that was ever changed").isGreaterThan(1000);
    assertThat(rebuilt.primary()).isEqualTo("beta");
  }

  @Test
  void oneThatAnswersIsNotOff() {
    Scene scene = new Scene();
    scene.order = new Order.Failover(true, true);
    assertThat(Scene.only(Action.Inquire.class, scene.step()).members())
        .containsExactlyInAnyOrder("alpha", "gamma");
    scene.report("gamma", Scene.willing());
    Action.Answer answer = answer(scene);
    assertThat(answer.done()).isFalse();
    assertThat(answer.reason()).contains("gamma answers");
  }

  /** Nobody contradicts for as long as they have. */
  private static Action.RebuildRecord rebuilt(Scene scene) {
    scene.settle();
    assertThat(phase(scene)).isEqualTo(Phase.ASKING);
    scene.pass(Scene.TIMING.fresh());
    Action.RebuildRecord rebuild = Scene.only(Action.RebuildRecord.class, scene.settle());
    assertThat(phase(scene)).isEqualTo(Phase.REBUILDING);
    return rebuild;
  }

  @Test
  void aPauseKeepsOthersOutUnlessTheyAreAllOff() {
    Scene scene = new Scene();
    scene.roles = scene.roles.withPause(new Roles.Pause("upgrade", 0));
    scene.order = new Order.Failover(true, false);
    assertThat(answer(scene).reason()).contains("paused");
    scene.order = new Order.Failover(true, true);
    assertThat(rebuilt(scene).roles().pause()).isNull();
  }

  @Test
  void whereAllOthersAreOffTheRecordIsRebuiltFromThisNode() {
    Scene scene = new Scene();
    scene.knownEpoch = 5;
    scene.order = new Order.Failover(false, true);
    Action.RebuildRecord rebuild = rebuilt(scene);
    assertThat(rebuild.roles())
        .isEqualTo(new Roles(1005, "beta", Set.of("alpha"), Set.of("beta"), null));
    scene.recorded(rebuild.roles());
    assertThat(scene.step()).contains(new Action.Campaign(1005, 5, Scene.TIMING.campaign()));
    scene.attempt = new Attempt.Endorsed(1006);
    Roles promoted = Scene.only(Action.WriteRecord.class, scene.step()).roles();
    assertThat(promoted).isEqualTo(new Roles(1006, "beta", Set.of("alpha"), Set.of("beta"), null));
  }

  private static Scene fenced(Answer answer) {
    Scene scene = new Scene();
    scene.voters = Set.of("alpha", "beta");
    scene.roles = scene.roles.withVoters(scene.voters);
    scene.fence = true;
    scene.over = true;
    assertThat(scene.settle())
        .contains(new Action.Fence(3, "its lease is over and it does not answer"));
    scene.fencing = new Fencing(3, answer);
    return scene;
  }

  @Test
  void aFenceThatConfirmsReplacesTheOtherVote() {
    Scene scene = fenced(Answer.OFF);
    Action.RebuildRecord rebuild = Scene.only(Action.RebuildRecord.class, scene.settle());
    scene.recorded(rebuild.roles());
    assertThat(scene.step()).contains(new Action.Campaign(1003, 3, Scene.TIMING.campaign()));
  }

  @Test
  void aFenceThatDoesNotConfirmPromotesNobody() {
    for (Answer answer : new Answer[] {Answer.UNKNOWN, Answer.NOT_OFF, Answer.ASKED}) {
      Scene scene = fenced(answer);
      scene.pass(Scene.TIMING.fence());
      scene.step();
      assertThat(scene.role).isInstanceOf(Role.Standby.class);
      scene.settle();
      scene.pass(Scene.TIMING.rest().minus(Duration.ofNanos(1)));
      assertThat(scene.settle()).as("it is not asked again at once").isEmpty();
    }
  }

  @Test
  void whatAFenceSaidOfAnEarlierEpochDoesNotCount() {
    Scene scene = fenced(Answer.OFF);
    scene.knownEpoch = 4;
    scene.step();
    assertThat(scene.role).isInstanceOf(Role.Standby.class);
  }

  @Test
  void nothingIsFencedUnderAPause() {
    Scene scene = Scene.primary();
    scene.voters = Set.of("alpha", "beta");
    scene.roles = scene.roles.withVoters(scene.voters).withPause(new Roles.Pause("upgrade", 0));
    scene.fence = true;
    scene.gateHeld = true;
    scene.heard.clear();
    scene.role = new Role.Unsettled(scene.now, scene.now, "");
    scene.heldEpoch = 0;
    scene.over = true;
    scene.settle();
    scene.pass(Scene.TIMING.crashAnswers());
    assertThat(scene.settle()).noneMatch(Action.Fence.class::isInstance);
    assertThat(phase(scene)).isEqualTo(Phase.STANDING);
    assertThat(scene.gateHeld).isTrue();
  }

  @Test
  void nothingIsFencedBeforeTheFirstPrimary() {
    Scene scene = new Scene();
    scene.voters = Set.of("alpha", "beta");
    scene.roles = Roles.NONE;
    scene.fence = true;
    scene.initiator = true;
    scene.over = true;
    scene.settle();
    scene.pass(Scene.TIMING.apart());
    scene.settle();
    scene.pass(Scene.TIMING.crashAnswers());
    assertThat(scene.settle()).noneMatch(Action.Fence.class::isInstance);
    assertThat(phase(scene)).isEqualTo(Phase.STANDING);
  }

  @Test
  void aVoterThatAnswersIsNotFenced() {
    Scene scene = new Scene();
    scene.voters = Set.of("alpha", "beta");
    scene.roles = scene.roles.withVoters(scene.voters);
    scene.fence = true;
    scene.over = true;
    scene.step();
    scene.report("alpha", new Report(3, 0, java.util.Map.of(), "it rests", "", java.util.Map.of()));
    scene.pass(Duration.ofNanos(1));
    scene.settle();
    assertThat(phase(scene)).isEqualTo(Phase.STANDING);
  }

  @Test
  void whoHandsOverItsRoleIsNotFenced() {
    Scene scene = new Scene();
    scene.voters = Set.of("alpha", "beta");
    scene.roles = scene.roles.withVoters(scene.voters);
    scene.fence = true;
    scene.over = true;
    scene.report(
        "alpha", new Report(3, 0, java.util.Map.of(), "it rests", "beta", java.util.Map.of()));
    scene.pass(Duration.ofNanos(1));
    assertThat(scene.settle()).noneMatch(Action.Fence.class::isInstance);
    assertThat(phase(scene)).isEqualTo(Phase.STANDING);
  }
}

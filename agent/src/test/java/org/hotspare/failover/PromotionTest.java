package org.hotspare.failover;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hotspare.lease.Roles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From endorsed to primary, and what becomes of one that fails on the way. */
final class PromotionTest {
  @Test
  void aPromotionGoesStageByStage() {
    Scene scene = new Scene();
    scene.endorsed();
    assertThat(scene.write)
        .isEqualTo(
            new RecordWrite(7, new Roles(4, "beta", Set.of("alpha"), scene.voters, null), true));
    assertThat(scene.decide()).isEmpty();
    scene.written();
    assertThat(scene.step()).contains(new Action.BeginLease(4));
    assertThat(scene.decide()).isEmpty();
    scene.heldEpoch = 4;
    List<Stage> stages = new ArrayList<>();
    while (scene.role instanceof Role.Promoting) {
      stages.add(Scene.only(Action.Perform.class, scene.step()).stage());
      assertThat(scene.decide()).isEmpty();
      scene.worked();
      if (stages.getLast() == Stage.ANNOUNCE) {
        scene.step();
      }
    }
    assertThat(stages)
        .containsExactly(
            Stage.SETTLE, Stage.ADDRESS_ADD, Stage.SERVICES_START, Stage.GATE, Stage.ANNOUNCE);
    assertThat(scene.role).isEqualTo(new Role.Primary(4, scene.now, Map.of(), ""));
    assertThat(scene.damping.promotedNanos()).hasSize(1);
  }

  @Test
  void aRecordThatChangedMeanwhileEndsIt() {
    Scene scene = new Scene();
    scene.endorsed();
    scene.recorded(scene.roles.withPromotable(Set.of()));
    assertThat(Scene.kinds(scene.step())).containsExactly(Action.Become.class);
    assertThat(scene.role).isInstanceOf(Role.Standby.class);
  }

  @Test
  void aWriteWithoutAnAnswerIsRepeatedForATime() {
    Scene scene = new Scene();
    scene.endorsed();
    scene.unanswered();
    assertThat(Scene.kinds(scene.step())).containsExactly(Action.WriteRecord.class);
    scene.unanswered();
    scene.pass(Scene.TIMING.limit(Stage.RECORD));
    scene.step();
    assertThat(scene.role).isInstanceOf(Role.Standby.class);
  }

  @ParameterizedTest
  @EnumSource(
      names = {"SETTLE", "ADDRESS_ADD", "SERVICES_START", "GATE", "ANNOUNCE"},
      value = Stage.class)
  void aStageThatFailsGivesTheLeaseUpAndTheFormerPrimaryMayComeBack(Stage stage) {
    Scene scene = new Scene();
    scene.promotedTo(stage);
    scene.workFailed("no such device");
    List<Action> actions = scene.step();
    assertThat(Scene.kinds(actions))
        .containsExactly(
            Action.Become.class, Action.Release.class, Action.Perform.class, Action.Remember.class);
    assertThat(Scene.only(Action.Become.class, actions).reason()).contains("no such device");
    assertThat(scene.damping.failure()).contains("no such device");
    assertThat(scene.roles.promotable()).containsExactly("alpha");
    scene.worked();
    scene.step();
    scene.worked();
    scene.settle();
    assertThat(scene.role).isInstanceOf(Role.Standby.class);
    scene.pass(Scene.TIMING.rest());
    scene.settle();
    assertThat(((Role.Standby) scene.role).refusal()).contains("not tried again");
  }

  @ParameterizedTest
  @EnumSource(
      names = {"LEASE", "SETTLE", "ADDRESS_ADD", "SERVICES_START", "GATE", "ANNOUNCE"},
      value = Stage.class)
  void aStageThatTakesTooLongEndsIt(Stage stage) {
    Scene scene = new Scene();
    if (stage == Stage.LEASE) {
      scene.endorsed();
      scene.written();
      scene.step();
    } else {
      scene.promotedTo(stage);
    }
    scene.pass(Scene.TIMING.limit(stage).minusNanos(1));
    assertThat(scene.decide()).isEmpty();
    scene.pass(java.time.Duration.ofNanos(1));
    scene.step();
    assertThat(scene.role).isInstanceOf(Role.Demoting.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLeaseThatIsLostEndsItWithoutBlame(boolean recordMoved) {
    Scene scene = new Scene();
    scene.promotedTo(Stage.SERVICES_START);
    if (recordMoved) {
      scene.recorded(new Roles(5, "alpha", Set.of(), scene.voters, null));
    } else {
      scene.heldEpoch = 0;
    }
    scene.step();
    assertThat(scene.role).isInstanceOf(Role.Demoting.class);
    assertThat(scene.damping.failure()).isEmpty();
  }

  @Test
  void whatANodeWasToDoBeforeIsNoAnswerToWhatItIsToDoNow() {
    Scene scene = new Scene();
    scene.promotedTo(Stage.ADDRESS_ADD);
    Task late = new Task(scene.task.number() - 1, Task.State.FAILED, "too late");
    scene.task = late;
    assertThat(scene.decide()).isEmpty();
  }

  @Test
  void aNodeIsPromotedAFewTimesWithinAWindow() {
    Timing timing = Scene.TIMING;
    Damping damping = Damping.NONE;
    long window = timing.window().toNanos();
    for (int i = 0; i < timing.promotions(); i++) {
      assertThat(damping.refusal(false, i, timing)).isEmpty();
      damping = damping.promoted(i, timing);
    }
    assertThat(damping.refusal(false, 10, timing)).contains("4 times within 10 min");
    assertThat(damping.refusal(true, 10, timing)).isEmpty();
    assertThat(damping.refusal(false, window / 4 + 3, timing)).as("not for long").isEmpty();
    assertThat(damping.promoted(window + 1, timing).promotedNanos()).hasSize(3);
  }

  @Test
  void whatWasRememberedFromBeforeTheClockBeganAnewDoesNotLockANodeOut() {
    Timing timing = Scene.TIMING;
    long uptime = java.time.Duration.ofDays(100).toNanos();
    Damping damping = Damping.NONE.failed("the services did not start", uptime);
    for (int i = 0; i < timing.promotions(); i++) {
      damping = damping.promoted(uptime, timing);
    }
    assertThat(damping.refusal(false, uptime, timing)).isNotEmpty();
    assertThat(damping.refusal(false, 1, timing)).isEmpty();
    assertThat(damping.promoted(1, timing).promotedNanos()).containsExactly(1L);
  }

  @Test
  void whatLiesInTheFutureIsForgottenBeforeItComesToPass() {
    Scene scene = new Scene();
    scene.damping = Damping.NONE.failed("the services did not start", scene.now + 1);
    scene.settle();
    assertThat(scene.damping.failure()).isEmpty();
    assertThat(scene.decide()).isEmpty();
  }

  @Test
  void whatWasAskedForDoesNotCount() {
    Scene scene = new Scene();
    scene.report(
        "alpha", new Report(3, 0, java.util.Map.of(), "it hands over", "beta", java.util.Map.of()));
    scene.promotedTo(Stage.SETTLE);
    assertThat(scene.damping).isEqualTo(Damping.NONE);
  }
}

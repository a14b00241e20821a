package org.hotspare.failover;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hotspare.tree.Position;
import org.junit.jupiter.api.Test;

/** Who joins and who leaves, and for whom barriers wait meanwhile. */
final class PromotableSetTest {
  private static final Duration NANO = Duration.ofNanos(1);

  private static Set<String> awaited(Scene scene) {
    return PromotableSet.awaited(scene.view()).orElseThrow();
  }

  private static Scene without() {
    Scene scene = Scene.primary();
    scene.roles = scene.roles.withPromotable(Set.of());
    return scene;
  }

  @Test
  void aStandbyJoinsOnlyWithAllThatWasThereWhenBarriersBeganToWaitForIt() {
    Scene scene = without();
    assertThat(awaited(scene)).isEmpty();
    scene.step();
    assertThat(awaited(scene)).containsExactly("beta");
    // Confirmed without it, after the view from which barriers began to wait for it.
    scene.durable = Map.of("www", new Position(3, 105));
    scene.step();
    assertThat(scene.decide()).isEmpty();
    scene.follower(
        "beta",
        new Follower(Duration.ZERO, Duration.ofMinutes(1), true, Duration.ZERO, scene.durable));
    assertThat(Scene.only(Action.WriteRecord.class, scene.step()).roles().promotable())
        .containsExactly("beta");
    assertThat(awaited(scene)).containsExactly("beta");
    scene.written();
    scene.step();
    assertThat(((Role.Primary) scene.role).joining()).isEmpty();
    assertThat(awaited(scene)).containsExactly("beta");
    assertThat(scene.decide()).isEmpty();
  }

  @Test
  void whatWasSeenBeforeBarriersWaitedIsNotTakenForAllThatWasThere() {
    Scene scene = without();
    scene.seenAgo = 1;
    scene.step();
    assertThat(awaited(scene)).containsExactly("beta");
    assertThat(scene.decide()).isEmpty();
    scene.seenAgo = 0;
    scene.step();
    Role.Joining begun = Role.Joining.begun(scene.now);
    assertThat(((Role.Primary) scene.role).joining())
        .isEqualTo(Map.of("beta", begun.noting(scene.view().copy().head())));
  }

  @Test
  void barriersWaitUntilItIsKnownWhetherItJoined() {
    Scene scene = without();
    scene.step();
    scene.step();
    scene.step();
    scene.unanswered();
    scene.follower("beta", Scene.behind(Duration.ofMinutes(1)));
    List<Action> actions = scene.step();
    assertThat(Scene.only(Action.WriteRecord.class, actions).roles().promotable())
        .containsExactly("beta");
    assertThat(awaited(scene)).containsExactly("beta");
    scene.recorded(scene.roles);
    scene.step();
    assertThat(awaited(scene)).isEmpty();
  }

  @Test
  void whoWasInSyncForTooShortOrHasNoWholeCopyDoesNotJoin() {
    List<Follower> followers =
        List.of(
            new Follower(
                Duration.ZERO,
                Scene.TIMING.steady().minus(NANO),
                true,
                Duration.ZERO,
                Map.of("www", Scene.HERE)),
            new Follower(
                Duration.ZERO,
                Duration.ofMinutes(1),
                false,
                Duration.ZERO,
                Map.of("www", Scene.HERE)),
            Scene.behind(Duration.ZERO),
            Scene.away(NANO));
    for (Follower follower : followers) {
      Scene scene = without();
      scene.follower("beta", follower);
      assertThat(scene.decide()).isEmpty();
    }
  }

  @Test
  void aStandbyLeavesBeforeBarriersIgnoreIt() {
    List<Follower> followers =
        List.of(
            Scene.away(Scene.TIMING.away().plus(NANO)),
            Scene.behind(Scene.MAX_LAG.plus(NANO)),
            new Follower(Duration.ZERO, Duration.ZERO, false, Duration.ZERO, Map.of()));
    for (Follower follower : followers) {
      Scene scene = Scene.primary();
      scene.follower("beta", follower);
      assertThat(Scene.only(Action.WriteRecord.class, scene.step()).roles().promotable()).isEmpty();
      assertThat(awaited(scene)).containsExactly("beta");
      scene.written();
      assertThat(awaited(scene)).isEmpty();
    }
  }

  @Test
  void whoComesAndGoesForAMomentStays() {
    for (Follower follower :
        List.of(Scene.away(Scene.TIMING.away()), Scene.behind(Scene.MAX_LAG))) {
      Scene scene = Scene.primary();
      scene.follower("beta", follower);
      assertThat(scene.decide()).isEmpty();
    }
  }

  @Test
  void whoNeverCameLeavesAfterAWhile() {
    Scene scene = Scene.primary();
    scene.role = new Role.Primary(3, scene.now, Map.of(), "");
    scene.followers.clear();
    assertThat(scene.decide()).isEmpty();
    scene.pass(Scene.TIMING.away());
    assertThat(Scene.only(Action.WriteRecord.class, scene.step()).reason())
        .contains("beta has not come within 4 s");
  }

  @Test
  void nobodyButAPrimaryThatHoldsTheLeaseConfirmsAnything() {
    Scene scene = Scene.primary();
    scene.heldEpoch = 0;
    assertThat(PromotableSet.awaited(scene.view())).isEmpty();
    assertThat(PromotableSet.awaited(new Scene().view())).isEmpty();
    Scene promoting = new Scene();
    promoting.promotedTo(Stage.ANNOUNCE);
    assertThat(PromotableSet.awaited(promoting.view())).isEmpty();
  }
}

package org.hotspare.failover;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hotspare.failover.LeaseView.Attempt;
import org.hotspare.failover.Role.Candidate.Phase;
import org.hotspare.lease.Roles;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A change of role that breaks an invariant is refused as a bug. */
final class TransitionTest {
  record Broken(String name, Consumer<Scene> scene, Role next) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Role.Candidate standing(long version) {
    return new Role.Candidate(version, true, new Order.None(), 0, Phase.STANDING, 0, 0);
  }

  private static Role.Promoting promoting(long epoch, Stage stage) {
    return new Role.Promoting(epoch, 7, true, "alpha", stage, 0, 0);
  }

  private static void endorsed(Scene scene, long epoch) {
    scene.role = standing(7);
    scene.attempt = new Attempt.Endorsed(epoch);
  }

  static Stream<Broken> broken() {
    Role.Primary primary = new Role.Primary(3, 0, Map.of(), "");
    return Stream.of(
        new Broken("stands under an old record", s -> {}, standing(6)),
        new Broken("stands as primary", s -> s.role = primary, standing(7)),
        new Broken("without a candidacy", s -> {}, promoting(4, Stage.RECORD)),
        new Broken("without a majority", s -> s.role = standing(7), promoting(4, Stage.RECORD)),
        new Broken("for another epoch", s -> endorsed(s, 5), promoting(4, Stage.RECORD)),
        new Broken("for an old epoch", s -> endorsed(s, 3), promoting(3, Stage.RECORD)),
        new Broken(
            "though the record moved",
            s -> {
              endorsed(s, 4);
              s.version = 8;
            },
            promoting(4, Stage.RECORD)),
        new Broken(
            "without the record",
            s -> s.role = promoting(4, Stage.RECORD),
            promoting(4, Stage.LEASE)),
        new Broken(
            "without the lease",
            s -> {
              s.role = promoting(4, Stage.LEASE);
              s.roles = new Roles(4, "beta", Set.of(), s.voters, null);
            },
            promoting(4, Stage.SETTLE)),
        new Broken(
            "a stage left out",
            s -> {
              s.role = promoting(4, Stage.SETTLE);
              s.roles = new Roles(4, "beta", Set.of(), s.voters, null);
              s.heldEpoch = 4;
            },
            promoting(4, Stage.SERVICES_START)),
        new Broken("primary at once", s -> {}, primary),
        new Broken(
            "standby with services", s -> s.role = primary, new Role.Standby(0, 0, "", "", 0)),
        new Broken("holds on without a pause", s -> s.role = primary, new Role.Unsettled(0, 0, "")),
        new Broken(
            "hands over outside of the set",
            s -> s.role = primary,
            new Role.HandingOver(
                primary, "delta", new Role.Cause(true, false, ""), Stage.SERVICES_STOP, 1, 0)));
  }

  @ParameterizedTest
  @MethodSource("broken")
  void aBrokenInvariantIsNoticed(Broken broken) {
    Scene scene = new Scene();
    broken.scene().accept(scene);
    assertThatThrownBy(() -> Transition.require(scene.view(), broken.next()))
        .isInstanceOf(IllegalStateException.class);
  }
}

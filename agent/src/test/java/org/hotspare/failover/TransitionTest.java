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
  /**
   * @param rule what the complaint says
   */
  record Broken(String name, String rule, Consumer<Scene> scene, Role next) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Role.Candidate standing(long version) {
    return new Role.Candidate(version, true, new Order.None(), 0, Phase.STANDING, 0, 0);
  }

  private static Role.Promoting promoting(long epoch, Stage stage) {
    return new Role.Promoting(epoch, 7, true, true, stage, 0, 0);
  }

  private static void endorsed(Scene scene, long epoch) {
    scene.role = standing(7);
    scene.attempt = new Attempt.Endorsed(epoch);
  }

  static Stream<Broken> broken() {
    Role.Primary primary = new Role.Primary(3, 0, Map.of(), "");
    return Stream.of(
        new Broken("stands under an old record", "an older record", s -> {}, standing(6)),
        new Broken(
            "stands as primary",
            "is, or was just now, the primary",
            s -> s.role = primary,
            standing(7)),
        new Broken("without a candidacy", "did not stand", s -> {}, promoting(4, Stage.RECORD)),
        new Broken(
            "without a majority",
            "no majority",
            s -> s.role = standing(7),
            promoting(4, Stage.RECORD)),
        new Broken(
            "for another epoch", "no majority", s -> endorsed(s, 5), promoting(4, Stage.RECORD)),
        new Broken(
            "for an old epoch", "does not grow", s -> endorsed(s, 3), promoting(3, Stage.RECORD)),
        new Broken(
            "though the record moved",
            "not the one under which",
            s -> {
              endorsed(s, 4);
              s.version = 8;
            },
            promoting(4, Stage.RECORD)),
        new Broken(
            "without the record",
            "does not name it",
            s -> s.role = promoting(4, Stage.RECORD),
            promoting(4, Stage.LEASE)),
        new Broken(
            "without the lease",
            "holds no lease",
            s -> {
              s.role = promoting(4, Stage.LEASE);
              s.roles = new Roles(4, "beta", Set.of(), s.voters, null);
            },
            promoting(4, Stage.SETTLE)),
        new Broken(
            "a stage left out",
            "left out a stage",
            s -> {
              s.role = promoting(4, Stage.SETTLE);
              s.roles = new Roles(4, "beta", Set.of(), s.voters, null);
              s.heldEpoch = 4;
            },
            promoting(4, Stage.SERVICES_START)),
        new Broken("primary at once", "does not name it", s -> {}, primary),
        new Broken(
            "standby with services",
            "services may still be here",
            s -> s.role = primary,
            new Role.Standby(0, 0, "", "", 0)),
        new Broken(
            "holds on without a pause",
            "hands are not off",
            s -> s.role = primary,
            new Role.Unsettled(0, 0, "")),
        new Broken(
            "hands over outside of the set",
            "may lack what was confirmed",
            s -> s.role = primary,
            handing("delta", Stage.GATE_SHUT, "")),
        new Broken(
            "hands over under a pause",
            "under a pause",
            s -> {
              s.role = primary;
              s.roles = s.roles.withPause(new Roles.Pause("upgrade", 0));
            },
            handing("beta", Stage.GATE_SHUT, "")),
        new Broken(
            "gives way before the barrier",
            "before the barrier",
            s -> s.role = handing("beta", Stage.SERVICES_STOP, ""),
            givingWay("beta")),
        new Broken(
            "gives way though something went wrong",
            "may be lost",
            s -> s.role = handing("beta", Stage.BARRIER, "the gate was not shut"),
            givingWay("beta")),
        new Broken(
            "gives way without handing over",
            "did not hand over",
            s -> s.role = primary,
            givingWay("beta")));
  }

  private static Role.HandingOver handing(String to, Stage stage, String flaw) {
    Role.Primary primary = new Role.Primary(3, 0, Map.of(), "");
    return new Role.HandingOver(primary, to, new Role.Cause(true, false, ""), flaw, stage, 1, 0);
  }

  private static Role.Demoting givingWay(String to) {
    return new Role.Demoting(3, to, 0, Stage.SERVICES_STOP, 1, 0);
  }

  @ParameterizedTest
  @MethodSource("broken")
  void aBrokenInvariantIsNoticed(Broken broken) {
    Scene scene = new Scene();
    broken.scene().accept(scene);
    assertThatThrownBy(() -> Transition.require(scene.view(), broken.next()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(broken.rule());
  }
}

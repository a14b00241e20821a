package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.hotspare.admin.Event;
import org.hotspare.agent.Conditions.Condition;
import org.hotspare.agent.Conditions.Told;
import org.junit.jupiter.api.Test;

final class ConditionsTest {
  private static final Condition BEHIND =
      new Condition(Event.Kind.LAG, "www", "beta", "beta is behind", "beta is not behind");
  private static final Condition AWAY =
      new Condition(Event.Kind.LAG, "www", "gamma", "gamma is away", "gamma is here");

  private final Conditions conditions = new Conditions();

  private List<String> see(int second, Condition... now) {
    long nanos = Duration.ofSeconds(second).toNanos();
    return conditions.see(List.of(now), nanos).stream().map(Told::text).toList();
  }

  @Test
  void whatLastsIsToldOnceAndItsEndOnce() {
    assertThat(see(0, BEHIND)).isEmpty();
    assertThat(see(4, BEHIND)).isEmpty();
    assertThat(see(5, BEHIND)).containsExactly("beta is behind");
    assertThat(see(60, BEHIND)).isEmpty();
    assertThat(see(61)).isEmpty();
    assertThat(see(69)).isEmpty();
    assertThat(see(70)).containsExactly("beta is not behind");
    assertThat(see(71)).isEmpty();
  }

  @Test
  void whatIsOverSoonIsNotTold() {
    assertThat(see(0, BEHIND)).isEmpty();
    assertThat(see(4)).isEmpty();
    assertThat(see(5, BEHIND)).isEmpty();
    assertThat(see(9, BEHIND)).isEmpty();
    assertThat(see(20)).isEmpty();
  }

  @Test
  void whatComesAndGoesIsToldOnce() {
    assertThat(see(0, BEHIND)).isEmpty();
    assertThat(see(5, BEHIND)).hasSize(1);
    for (int second = 6; second < 100; second += 9) {
      assertThat(see(second)).isEmpty();
      assertThat(see(second + 5, BEHIND)).isEmpty();
    }
  }

  @Test
  void whatIsHeldIsToldAtOnce() {
    Condition held = new Condition(Event.Kind.HELD, "www", "", "held: why", "not held");
    assertThat(see(0, held)).containsExactly("held: why");
    assertThat(see(60, held)).isEmpty();
    assertThat(see(70)).containsExactly("not held");
  }

  @Test
  void eachIsToldByItself() {
    assertThat(see(0, BEHIND)).isEmpty();
    assertThat(see(3, BEHIND, AWAY)).isEmpty();
    assertThat(see(5, BEHIND, AWAY)).containsExactly("beta is behind");
    assertThat(see(8, AWAY)).containsExactly("gamma is away");
    assertThat(see(15, AWAY)).containsExactly("beta is not behind");
  }
}

package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class FreshnessTest {
  private final Freshness freshness = new Freshness();

  private boolean lagExceeds(Duration time) {
    return freshness.lag().orElseThrow().compareTo(time) > 0;
  }

  @Test
  void itIsUnknownUntilEverythingWasThere() {
    assertThat(freshness.lag()).isEmpty();
    freshness.lacks();
    assertThat(freshness.lag()).isEmpty();
    freshness.full();
    assertThat(freshness.lag()).contains(Duration.ZERO);
  }

  @Test
  void lagCountsFromTheFirstThatIsLacking() throws Exception {
    freshness.full();
    freshness.lacks();
    await("time passes", () -> lagExceeds(Duration.ofMillis(20)));
    freshness.lacks();
    assertThat(lagExceeds(Duration.ofMillis(20))).isTrue();
    freshness.full();
    assertThat(freshness.lag()).contains(Duration.ZERO);
    freshness.lacks();
    await("time passes", () -> lagExceeds(Duration.ofMillis(1)));
  }
}

package org.hotspare.failover;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.hotspare.tree.Position;
import org.junit.jupiter.api.Test;

final class RankingTest {
  private static Map<String, Position> at(long conf, long www) {
    return Map.of("conf", new Position(3, conf), "www", new Position(3, www));
  }

  @Test
  void whoIsFurtherInEveryMirrorIsFurther() {
    assertThat(Ranking.compare(at(2, 5), at(2, 5))).isZero();
    assertThat(Ranking.compare(at(2, 6), at(2, 5))).isPositive();
    assertThat(Ranking.compare(at(1, 6), at(2, 7))).isNegative();
    assertThat(Ranking.compare(Map.of("www", new Position(4, 1)), Map.of("www", Scene.HERE)))
        .isPositive();
  }

  @Test
  void whereTheyDifferTheFirstMirrorDecidesBothWays() {
    assertThat(Ranking.compare(at(3, 5), at(2, 9))).isPositive();
    assertThat(Ranking.compare(at(2, 9), at(3, 5))).isNegative();
  }

  @Test
  void aMirrorThatANodeDoesNotHaveIsAtItsBeginning() {
    assertThat(Ranking.compare(at(0, 5), Map.of("www", new Position(3, 5)))).isPositive();
    assertThat(Ranking.covers(Map.of("www", new Position(3, 9)), at(1, 5))).isFalse();
    assertThat(Ranking.covers(at(1, 5), Map.of("www", new Position(3, 5)))).isTrue();
    assertThat(Ranking.covers(at(1, 5), at(0, 5))).isTrue();
    assertThat(Ranking.covers(at(1, 5), at(1, 6))).isFalse();
  }
}

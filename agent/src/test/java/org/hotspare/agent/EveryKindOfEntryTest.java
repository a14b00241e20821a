package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import org.hotspare.testing.Judge;
import org.hotspare.testing.Zoo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every kind of entry, on every filesystem, at the first copy and made while the pair runs. */
final class EveryKindOfEntryTest {
  @ParameterizedTest
  @EnumSource
  void arrivesAtTheFirstCopyAndLive(PairOn.Place place) throws Exception {
    try (PairOn on = PairOn.make(place, 600)) {
      TestPair pair = on.pair();
      Zoo.makeBeyondPathMax(Files.createDirectories(on.tree().resolve("first")));
      pair.start();
      pair.barrier();
      Judge.assertSameTree(on.tree(), on.copy(), TestPair.LIMIT, "first/deeper");
      Judge.assertSameBeyondPathMax(on.tree(), on.copy(), TestPair.LIMIT);

      Zoo.makeBeyondPathMax(Files.createDirectory(on.tree().resolve("live")));
      pair.barrier();
      Judge.assertSameTree(on.tree(), on.copy(), TestPair.LIMIT, "first/deeper", "live/deeper");
      Judge.assertSameBeyondPathMax(on.tree(), on.copy(), TestPair.LIMIT);

      Files.move(on.tree().resolve("live"), on.tree().resolve("first/files/moved"));
      Zoo.delete(on.tree().resolve("first/deeper"));
      pair.barrier();
      Judge.assertSameBeyondPathMax(on.tree(), on.copy(), TestPair.LIMIT);
      assertThat(pair.alpha().mirror().problems()).isEmpty();
      assertThat(pair.beta().mirror().problems()).isEmpty();
    }
  }
}

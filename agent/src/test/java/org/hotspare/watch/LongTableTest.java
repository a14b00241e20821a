package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LongTableTest {
  @Test
  void behavesLikeAMap() {
    long seed = System.nanoTime();
    System.out.println("LongTableTest seed " + seed);
    Random random = new Random(seed);
    LongTable table = new LongTable();
    Map<Long, Long> model = new HashMap<>();
    for (int step = 0; step < 300_000; step++) {
      // Few keys, close together and far apart, so that runs form and break up.
      long key = random.nextInt(3000) * (random.nextBoolean() ? 1L : 1L << 40);
      // Shrinks as often as it grows.
      boolean growing = step / 20_000 % 2 == 0;
      if (random.nextInt(10) < (growing ? 7 : 3)) {
        long value = 1L + random.nextInt(1000);
        Long before = model.put(key, value);
        assertThat(table.put(key, value)).isEqualTo(before == null ? 0 : before);
      } else {
        Long before = model.remove(key);
        assertThat(table.remove(key)).isEqualTo(before == null ? 0 : before);
      }
      assertThat(table.size()).isEqualTo(model.size());
    }
    model.forEach((key, value) -> assertThat(table.get(key)).as("seed %d", seed).isEqualTo(value));
  }
}

package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.hotspare.tree.EntryId;
import org.junit.jupiter.api.Test;

class TurnsTest {
  private static final long SECOND = 1_000_000_000L;

  private final Turns turns = new Turns(SECOND, 0);

  private static EntryId id(int number) {
    return new EntryId(number + 1);
  }

  private void add(int count) {
    for (int number = 0; number < count; number++) {
      turns.add(id(number));
    }
  }

  @Test
  void nothingToPollMeansNoTurn() {
    assertThat(turns.nanosToWait(0)).isEqualTo(Long.MAX_VALUE);
    turns.ask(4);
    assertThat(turns.passed()).isEqualTo(4);
  }

  @Test
  void eachHasItsTurnAndARoundItsPause() {
    add(3);
    long now = SECOND;
    assertThat(turns.take(2, now))
        .containsExactly(new Mark.Listing(id(0)), new Mark.Listing(id(1)));
    assertThat(turns.take(2, now)).containsExactly(new Mark.Listing(id(2)));
    assertThat(turns.take(2, now)).isEmpty();
    assertThat(turns.nanosToWait(now)).isEqualTo(SECOND);
  }

  @Test
  void costsATenthOfTheTime() {
    add(1000);
    long now = SECOND;
    long busy = 0;
    while (now < 200 * SECOND) {
      long wait = turns.nanosToWait(now);
      now += wait;
      if (!turns.take(10, now).isEmpty()) {
        long cost = SECOND / 50;
        now += cost;
        busy += cost;
        turns.took(cost, now);
      }
    }
    assertThat((double) busy / now).isBetween(0.08, 0.101);
  }

  @Test
  void aCookiePassesAfterAWholeRoundWhateverComesAndGoes() {
    long seed = System.nanoTime();
    System.out.println("TurnsTest seed " + seed);
    Random random = new Random(seed);
    int number = 500;
    add(number);
    Set<Integer> present = new HashSet<>();
    for (int i = 0; i < number; i++) {
      present.add(i);
    }
    for (long token = 1; token < 50; token++) {
      turns.take(random.nextInt(64), Long.MAX_VALUE / 4);
      turns.ask(token);
      Set<Integer> due = new HashSet<>(present);
      while (turns.passed() < token) {
        for (Mark mark : turns.take(1 + random.nextInt(64), Long.MAX_VALUE / 4)) {
          due.remove((int) ((Mark.Listing) mark).directory().value() - 1);
        }
        List<Integer> some = present.stream().limit(random.nextInt(3)).toList();
        for (int gone : some) {
          turns.remove(id(gone));
          present.remove(gone);
          due.remove(gone);
          turns.add(id(number));
          present.add(number++);
        }
      }
      assertThat(due).as("seed %d", seed).isEmpty();
    }
  }
}

package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.junit.jupiter.api.Test;

class MarkQueueTest {
  private final MarkQueue queue = new MarkQueue(10);

  private static Mark mark(int number) {
    return new Mark.Entry(EntryId.ROOT, Name.of("f" + number));
  }

  private List<Mark> take(int max) throws IOException {
    return queue.take(Duration.ZERO, max);
  }

  @Test
  void handsOverEachMarkOnceInTheOrderOfTheFirst() throws IOException {
    for (int number : List.of(1, 2, 1, 3, 2)) {
      queue.add(mark(number));
    }
    assertThat(take(2)).containsExactly(mark(1), mark(2));
    queue.add(mark(1));
    assertThat(take(9)).containsExactly(mark(3), mark(1));
    assertThat(take(9)).isEmpty();
  }

  @Test
  void aCookiePassesWhenAllBeforeItWasHandedOver() throws IOException {
    queue.add(mark(1));
    queue.add(mark(2));
    queue.cookie(7);
    queue.add(mark(3));
    assertThat(queue.passed()).isZero();
    take(1);
    assertThat(queue.passed()).isZero();
    take(1);
    assertThat(queue.passed()).isEqualTo(7);
    queue.cookie(8);
    assertThat(queue.passed()).isEqualTo(7);
    take(1);
    assertThat(queue.passed()).isEqualTo(8);
    queue.cookie(9);
    assertThat(queue.passed()).isEqualTo(9);
  }

  @Test
  void everythingStandsForAllUntilItIsHandedOver() throws IOException {
    queue.add(mark(1));
    queue.everything("overflow");
    queue.cookie(3);
    queue.add(mark(2));
    assertThat(queue.passed()).isZero();
    assertThat(take(5)).containsExactly(new Mark.Everything("overflow"));
    assertThat(queue.passed()).isEqualTo(3);
    queue.add(mark(2));
    assertThat(take(5)).containsExactly(mark(2));
  }

  @Test
  void tooManyMarksBecomeEverything() throws IOException {
    for (int number = 0; number < 11; number++) {
      queue.add(mark(number));
    }
    assertThat(take(5)).singleElement().isInstanceOf(Mark.Everything.class);
    assertThat(take(5)).isEmpty();
  }

  @Test
  void aWakeIsNotLostAndAFailureIsTold() throws IOException {
    queue.wake();
    assertThat(queue.take(Duration.ofDays(1), 1)).isEmpty();
    queue.add(mark(1));
    queue.fail(new IOException("no more events"));
    assertThatThrownBy(() -> take(1)).hasMessage("no more events");
  }
}

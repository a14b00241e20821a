package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import org.hotspare.mirror.RereadQueue.Asking;
import org.hotspare.mirror.RereadQueue.Reading;
import org.hotspare.tree.EntryId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class RereadQueueTest {
  private static final EntryId A = new EntryId(2);
  private static final EntryId B = new EntryId(3);
  private static final EntryId C = new EntryId(4);

  private final RereadQueue queue = new RereadQueue();

  /** Reads the next one. */
  private @Nullable EntryId read() {
    Reading reading = queue.take();
    if (reading == null) {
      return null;
    }
    queue.done(reading);
    return reading.file();
  }

  @Test
  void eachIsReadOnceForAllWhoAsk() {
    Asking first = queue.ask(List.of(A, B));
    Asking second = queue.ask(List.of(B, C));
    queue.add(A);
    assertThat(read()).isEqualTo(A);
    assertThat(read()).isEqualTo(B);
    assertThat(first.left()).isZero();
    assertThat(second.left()).isEqualTo(1);
    assertThat(read()).isEqualTo(C);
    assertThat(second.left()).isZero();
    assertThat(read()).isNull();
  }

  @Test
  void whatIsAskedForWhileItIsReadIsReadOnceMore() {
    Asking before = queue.ask(List.of(A));
    Reading reading = Objects.requireNonNull(queue.take());
    Asking meanwhile = queue.ask(List.of(A));
    queue.done(reading);
    assertThat(before.left()).isZero();
    assertThat(meanwhile.left()).isEqualTo(1);
    assertThat(read()).isEqualTo(A);
    assertThat(meanwhile.left()).isZero();
  }

  @Test
  void whatOneGivesUpIsReadForTheOthers() {
    Asking first = queue.ask(List.of(A, B, C));
    Asking second = queue.ask(List.of(B));
    queue.add(C);
    queue.giveUp(first);
    assertThat(second.left()).isEqualTo(1);
    assertThat(read()).as("not A, which nobody waits for").isEqualTo(B);
    assertThat(second.left()).isZero();
    queue.giveUp(second);
    assertThat(read()).isEqualTo(C);
    assertThat(read()).isNull();
  }
}

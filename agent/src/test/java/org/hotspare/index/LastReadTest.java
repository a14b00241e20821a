package org.hotspare.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.hotspare.tree.Bytes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LastReadTest {
  private static final String FACT = "count";

  @TempDir private Path directory;
  private final AtomicInteger reads = new AtomicInteger();
  private final LastRead<String> last =
      new LastRead<>(
          index -> {
            reads.incrementAndGet();
            return index.fact(FACT).map(Bytes::toString).orElse("none");
          });

  private Index open(String name) {
    return Index.open(directory.resolve(name));
  }

  private static void put(Index index, int value) {
    index.update(Durability.FAST, writer -> writer.putFact(FACT, Bytes.of("" + value)));
  }

  @Test
  void whatDidNotChangeIsReadOnce() {
    try (Index index = open("index.db")) {
      assertThat(last.of(index)).isEqualTo("none");
      assertThat(last.of(index)).isEqualTo("none");
      assertThat(reads).hasValue(1);
      put(index, 1);
      assertThat(last.of(index)).isEqualTo("1");
      assertThat(last.of(index)).isEqualTo("1");
      assertThat(reads).hasValue(2);
    }
  }

  @Test
  void whatWasTakenBackIsNotSeen() {
    try (Index index = open("index.db")) {
      put(index, 1);
      assertThatIllegalStateException()
          .isThrownBy(
              () ->
                  index.update(
                      Durability.FAST,
                      writer -> {
                        writer.putFact(FACT, Bytes.of("2"));
                        throw new IllegalStateException("changed its mind");
                      }));
      assertThat(last.of(index)).isEqualTo("1");
    }
  }

  @Test
  void anotherIndexIsReadForItself() {
    try (Index one = open("one.db");
        Index other = open("other.db")) {
      put(one, 1);
      put(other, 2);
      assertThat(last.of(one)).isEqualTo("1");
      assertThat(last.of(other)).isEqualTo("2");
      assertThat(last.of(one)).isEqualTo("1");
    }
  }

  /** Another one may go on with that file. */
  @Test
  void whatWasReadOfAClosedIndexIsNotToldAnyMore() {
    Index closed = open("index.db");
    try (closed) {
      put(closed, 1);
      assertThat(last.of(closed)).isEqualTo("1");
    }
    assertThatIllegalStateException()
        .isThrownBy(() -> last.of(closed))
        .withMessage("the index is closed");
    try (Index again = open("index.db")) {
      assertThat(last.of(again)).isEqualTo("1");
    }
  }

  /** Whoever wrote finds it, however many others look at the same time. */
  @Test
  void whatWasCommittedIsSeen() throws InterruptedException {
    try (Index index = open("index.db")) {
      List<Thread> lookers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        lookers.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      while (!Thread.currentThread().isInterrupted()) {
                        var _ = last.of(index);
                      }
                    }));
      }
      for (int value = 1; value <= 500; value++) {
        put(index, value);
        assertThat(last.of(index)).isEqualTo("" + value);
      }
      for (Thread looker : lookers) {
        looker.interrupt();
        looker.join();
      }
    }
  }
}

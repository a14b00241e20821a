package org.hotspare.index;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What was read from an index, which is read again only when a transaction was committed since: for
 * who looks again and again at what seldom changes. Any thread may ask.
 */
public final class LastRead<T> {
  private final Function<IndexReader, T> reading;
  private volatile @Nullable Known<T> known;

  /**
   * @param commits of the index, before it was read
   */
  private record Known<T>(Index index, long commits, T value) {}

  /**
   * @param reading a function of what is in the index and of nothing else
   */
  public LastRead(Function<IndexReader, T> reading) {
    this.reading = reading;
  }

  /**
   * As it is in that index now.
   *
   * @throws IndexException if it has to be read and cannot be
   * @throws IllegalStateException if that index is closed
   */
  public T of(Index index) {
    Known<T> last = known;
    long commits = index.commits();
    if (last != null && last.index == index && last.commits == commits) {
      return last.value;
    }
    try (Snapshot snapshot = index.snapshot()) {
      T value = reading.apply(snapshot);
      known = new Known<>(index, commits, value);
      return value;
    }
  }
}

package org.hotspare.index;

/**
 * A view of the index that stays as it was when it was taken, whatever is written meanwhile. Owned
 * by one thread at a time.
 *
 * <p>While one is open the write-ahead log keeps all that was written since, so it must not be held
 * for longer than reading takes.
 */
public interface Snapshot extends IndexReader, AutoCloseable {
  /** Gives the view back. Closing it again does nothing. */
  @Override
  void close();
}

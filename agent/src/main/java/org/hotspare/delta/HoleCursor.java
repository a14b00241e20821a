package org.hotspare.delta;

import java.io.IOException;

/**
 * Walks the holes of a file in whole {@link Layout#UNIT}s, forwards only. The file may change
 * meanwhile: whatever the source answers, holes come in order and within the file.
 */
final class HoleCursor {
  private final ContentSource content;
  private final long size;
  private final Layout.Builder layout;
  private long start;
  private long end;

  HoleCursor(ContentSource content, long size) throws IOException {
    this.content = content;
    this.size = size;
    this.layout = new Layout.Builder(size);
    find(0);
  }

  /** Where the hole at the cursor begins; the size of the file where there is none. */
  long start() {
    return start;
  }

  /** Where the hole at the cursor ends; the size of the file where there is none. */
  long end() {
    return end;
  }

  /** Moves to the first hole that ends after {@code offset}. */
  void moveTo(long offset) throws IOException {
    while (end <= offset && start < size) {
      find(end);
    }
  }

  private void find(long from) throws IOException {
    long at = from;
    while (at < size) {
      long hole = Math.max(at, content.nextHole(at));
      if (hole >= size) {
        break;
      }
      long data = Math.max(hole, content.nextData(hole));
      long first = Layout.ceil(hole);
      long last = data >= size ? size : Layout.floor(data);
      if (first < last) {
        layout.hole(first, last - first);
        start = first;
        end = last;
        return;
      }
      at = Math.max(data, at + 1);
    }
    start = size;
    end = size;
  }

  /** The layout of the holes that were walked. */
  long layout() throws IOException {
    moveTo(size - 1);
    return layout.identity();
  }
}

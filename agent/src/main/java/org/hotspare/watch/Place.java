package org.hotspare.watch;

import java.util.Comparator;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/**
 * What may not be possible to look at: a name in a directory, or the directory itself. It stays
 * what it is when the directory, or one above it, moves. A directory comes before its names.
 *
 * @param name null for the directory itself
 */
record Place(EntryId directory, @Nullable Name name) implements Comparable<Place> {
  private static final Comparator<Place> ORDER =
      Comparator.comparing(Place::directory)
          .thenComparing(Place::name, Comparator.nullsFirst(Comparator.naturalOrder()));

  /** The root directory itself. */
  static final Place ROOT = itself(EntryId.ROOT);

  static Place itself(EntryId directory) {
    return new Place(directory, null);
  }

  @Override
  public int compareTo(Place other) {
    return ORDER.compare(this, other);
  }
}

package org.hotspare.mirror;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hotspare.index.NameRow;
import org.hotspare.tree.Change;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;

/** What the rows of a batch will do, known before the first of them is applied. */
final class BatchRows {
  private final Set<EntryId> gone = new HashSet<>();
  private final Set<Key> goneNames = new HashSet<>();
  private final Set<EntryId> shrinking = new HashSet<>();
  private final Map<Key, EntryId> given = new HashMap<>();
  private final Set<EntryId> named = new HashSet<>();

  /** A place for an entry: a name in a directory. */
  record Key(EntryId parent, Name name) {
    static Key of(NameRow row) {
      return new Key(row.parent(), row.name());
    }
  }

  BatchRows(List<Change> batch) {
    for (Change change : batch) {
      switch (change) {
        case Change.InodeSet set -> {}
        case Change.NameSet set -> {
          given.put(new Key(set.parent(), set.name()), set.id());
          named.add(set.id());
        }
        case Change.InodeGone inode -> gone.add(inode.id());
        case Change.NameGone name -> {
          goneNames.add(new Key(name.parent(), name.name()));
          shrinking.add(name.parent());
        }
      }
    }
  }

  /** Whether one removes the entry itself. */
  boolean removes(EntryId id) {
    return gone.contains(id);
  }

  /** Whether one removes the name. */
  boolean removes(NameRow row) {
    return goneNames.contains(Key.of(row));
  }

  /** Whether one gives the entry that name. */
  boolean gives(EntryId parent, Name name, EntryId id) {
    return id.equals(given.get(new Key(parent, name)));
  }

  /** Whether one gives the entry a name. */
  boolean names(EntryId id) {
    return named.contains(id);
  }

  /** Whether one takes the name from its entry: removes it, or gives it to another. */
  boolean takes(NameRow row) {
    return removes(row) || !given.getOrDefault(Key.of(row), row.id()).equals(row.id());
  }

  /** Whether some remove names from the directory. */
  boolean shrinks(EntryId directory) {
    return shrinking.contains(directory);
  }
}

package org.hotspare.mirror;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hotspare.index.IndexReader;
import org.hotspare.index.NameRow;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.RelPath;

/** Paths in one snapshot of the index; those of directories used lately are remembered. */
final class SnapshotPaths {
  private static final int REMEMBERED = 1024;

  private final IndexReader snapshot;
  private final Map<EntryId, RelPath> directories =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<EntryId, RelPath> eldest) {
          return size() > REMEMBERED;
        }
      };

  SnapshotPaths(IndexReader snapshot) {
    this.snapshot = snapshot;
  }

  /** A path of the entry; the root's where it has none. */
  RelPath of(EntryId id) {
    List<NameRow> names = snapshot.namesOf(id);
    if (names.isEmpty()) {
      return RelPath.ROOT;
    }
    NameRow row = names.getFirst();
    RelPath parent = directories.get(row.parent());
    if (parent == null) {
      parent = snapshot.path(row.parent()).orElse(RelPath.ROOT);
      directories.put(row.parent(), parent);
    }
    return parent.child(row.name());
  }
}

package org.hotspare.watch;

import java.util.Optional;
import org.hotspare.tree.EntryId;

/**
 * Which directory the kernel means by what it calls it (a watch's number, or a file handle's
 * fingerprint), and back. About 50 bytes a directory. For several threads.
 */
final class WatchedDirectories {
  private final LongTable idOfKey = new LongTable();
  private final LongTable keyOfId = new LongTable();

  /**
   * @param key positive
   */
  synchronized void put(long key, EntryId id) {
    long oldId = idOfKey.put(key, id.value());
    if (oldId != LongTable.ABSENT && oldId != id.value()) {
      keyOfId.remove(oldId);
    }
    long oldKey = keyOfId.put(id.value(), key);
    if (oldKey != LongTable.ABSENT && oldKey != key) {
      idOfKey.remove(oldKey);
    }
  }

  synchronized Optional<EntryId> find(long key) {
    long id = idOfKey.get(key);
    return id == LongTable.ABSENT ? Optional.empty() : Optional.of(new EntryId(id));
  }

  /** The key it had, or {@link LongTable#ABSENT}. */
  synchronized long remove(EntryId id) {
    long key = keyOfId.remove(id.value());
    if (key != LongTable.ABSENT) {
      idOfKey.remove(key);
    }
    return key;
  }

  synchronized void removeKey(long key) {
    long id = idOfKey.remove(key);
    if (id != LongTable.ABSENT) {
      keyOfId.remove(id);
    }
  }

  synchronized int size() {
    return idOfKey.size();
  }
}

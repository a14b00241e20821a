package org.hotspare.mirror;

import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.hotspare.tree.EntryId;
import org.jspecify.annotations.Nullable;

/**
 * Files that are to be read again, in the order in which they were first asked for; each once,
 * however many ask. A file that is being read already is read once more when it is asked for. Not
 * for several threads: its owner's lock guards it, and every {@link Asking}.
 */
final class RereadQueue {
  private final Map<EntryId, Set<Asking>> askers = new LinkedHashMap<>();

  /** Of files that nobody waits for. */
  private final Asking nobody = new Asking();

  /** Somebody who waits until some files were read. */
  static final class Asking {
    private final Set<EntryId> left = new HashSet<>();

    private Asking() {}

    /** How many of the files were not read yet. */
    int left() {
      return left.size();
    }
  }

  /** A file that was taken to be read, for those who had asked for it by then. */
  record Reading(EntryId file, Set<Asking> askers) {}

  /** Has the file read though nobody waits for it. */
  void add(EntryId file) {
    add(file, nobody);
  }

  /** Has the files read; {@link #giveUp} is to follow. */
  Asking ask(Collection<EntryId> files) {
    Asking asking = new Asking();
    files.forEach(file -> add(file, asking));
    return asking;
  }

  private void add(EntryId file, Asking asking) {
    asking.left.add(file);
    askers.computeIfAbsent(file, _ -> new HashSet<>()).add(asking);
  }

  /** The first file; {@link #done} is to follow. Null if there is none. */
  @Nullable Reading take() {
    Iterator<Map.Entry<EntryId, Set<Asking>>> first = askers.entrySet().iterator();
    if (!first.hasNext()) {
      return null;
    }
    Map.Entry<EntryId, Set<Asking>> taken = first.next();
    first.remove();
    return new Reading(taken.getKey(), taken.getValue());
  }

  /** It was read, or cannot be. */
  void done(Reading reading) {
    reading.askers.forEach(asking -> asking.left.remove(reading.file));
  }

  /** Nobody waits for these any more: what no other asked for is not read. */
  void giveUp(Asking asking) {
    for (EntryId file : asking.left) {
      Set<Asking> all = askers.get(file);
      if (all != null && all.remove(asking) && all.isEmpty()) {
        askers.remove(file);
      }
    }
  }
}

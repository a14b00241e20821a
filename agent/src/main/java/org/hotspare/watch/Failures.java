package org.hotspare.watch;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.RelPath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What could not be looked at: it is shown as a problem of its path until it can be, and its
 * directory is listed again now and then. Not for several threads.
 */
final class Failures {
  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

  private final Problems problems;
  private final Retries retries = new Retries();

  /** The paths among {@link #problems} that could not be looked at. */
  private final Set<RelPath> unseen = ConcurrentHashMap.newKeySet();

  Failures(Problems problems) {
    this.problems = problems;
  }

  /**
   * Whether there is any problem at all, of this kind or another: if not, nothing is to be told.
   */
  boolean mayHaveAny() {
    return problems.count() > 0;
  }

  /**
   * @param directory to be listed again
   * @param below whether what is below it is to be listed, too
   */
  void add(RelPath path, EntryId directory, boolean below, LinuxException e) {
    if (problems.add(path, "cannot be read: " + e.errno().text())) {
      LOG.warn("{} cannot be looked at, and is tried again: {}", path, e.getMessage());
    }
    if (unseen.size() < Problems.KEPT) {
      unseen.add(path);
    }
    retries.failed(directory, below, System.nanoTime());
  }

  /** What could not be looked at, or the first of it. Any thread. */
  List<RelPath> unseen() {
    return List.copyOf(unseen);
  }

  /** The path was looked at. */
  void over(RelPath path) {
    problems.clear(path);
    unseen.remove(path);
  }

  /** The path is gone, and with it what was wrong with it or below it. */
  void gone(RelPath gone) {
    problems.clearBelow(gone);
    unseen.removeIf(path -> path.startsWith(gone));
  }

  /**
   * A directory is about to be listed. Answers what could not be looked at in it before, itself
   * included, for {@link #listed}.
   */
  List<RelPath> listing(RelPath directory) {
    if (unseen.isEmpty()) {
      return List.of();
    }
    List<RelPath> before = unseen.stream().filter(path -> isOf(directory, path)).toList();
    before.forEach(unseen::remove);
    return before;
  }

  private static boolean isOf(RelPath directory, RelPath path) {
    return path.equals(directory) || path.parent().filter(directory::equals).isPresent();
  }

  /** It was listed to its end: what did not fail again is over, or is not there any more. */
  void listed(List<RelPath> before) {
    before.stream().filter(path -> !unseen.contains(path)).forEach(problems::clear);
  }

  /** Whether directories in which something failed are to be listed again now. */
  boolean isDue() {
    return retries.isDue(System.nanoTime());
  }

  /** Those directories; {@link #settle} is to follow once they were listed. */
  List<Retries.Due> takeDue() {
    return retries.takeDue(System.nanoTime());
  }

  void settle() {
    retries.settle();
  }

  /** The directory is gone. */
  void forget(EntryId directory) {
    retries.forget(directory);
  }
}

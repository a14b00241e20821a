package org.hotspare.watch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.hotspare.index.IndexReader;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What could not be looked at: it is shown as a problem of its path, and looked at again now and
 * then, until that succeeds or it is known to be gone. Not for several threads.
 *
 * <p>A barrier relies on it: what failed counts as {@link #unseen} from then on until it was seen,
 * wherever it moves meanwhile. So it is known by the id of its directory, not by its path; is taken
 * off only after a look that did not fail; and where there is no room to note it, everything counts
 * until the whole tree was read again.
 */
final class Failures {
  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

  /** Where more than these fail, it is the whole tree that is read again. */
  static final int MOST = 10_000;

  private final Problems problems;
  private final LongSupplier clock;
  private final Retries retries = new Retries();
  private final NavigableMap<Place, Failure> failures = new TreeMap<>();

  /** How many of the failures are problems of this path: two where a directory fails twice. */
  private final Map<RelPath, Integer> shown = new HashMap<>();

  /**
   * Whether something failed that there was no room for, since the last reading of the whole tree
   * began.
   */
  private boolean missed;

  /** Whether something had when it began; it did not end yet. */
  private boolean missedBefore;

  /** Whether failures may be shown with paths that they do not have any more. */
  private boolean moved;

  /** One that is noted. */
  private static final class Failure {
    final String reason;
    boolean below;
    RelPath path;

    Failure(RelPath path, String reason, boolean below) {
      this.path = path;
      this.reason = reason;
      this.below = below;
    }
  }

  /**
   * What is to be looked at again.
   *
   * @param below for a directory itself: whether all below it is to be listed, too
   */
  record Due(Place place, boolean below) {}

  /**
   * @param clock as {@code System.nanoTime()}
   */
  Failures(Problems problems, LongSupplier clock) {
    this.problems = problems;
    this.clock = clock;
  }

  /**
   * Whether there is any problem at all, of this kind or another: if not, nothing is to be told.
   */
  boolean mayHaveAny() {
    return !failures.isEmpty() || problems.count() > 0;
  }

  /**
   * @param path of the place now
   * @param below whether what is below it is to be listed once it can be, see {@link #takeBelow}
   */
  void add(Place place, RelPath path, boolean below, LinuxException e) {
    Failure before = failures.get(place);
    if (before == null && failures.size() >= MOST) {
      if (!missed) {
        LOG.warn("more than {} paths cannot be looked at: the tree is read again", MOST);
      }
      missed = true;
      retries.failed(Place.ROOT, clock.getAsLong());
      return;
    }
    String reason = "cannot be read: " + e.errno().text();
    boolean all = below || (before != null && before.below);
    Failure failure = new Failure(path, reason, all);
    failures.put(place, failure);
    boolean news = show(failure);
    if (before != null) {
      hide(before.path);
    }
    if (news) {
      LOG.warn("{} cannot be looked at, and is tried again: {}", path, e.getMessage());
    }
    retries.failed(place, clock.getAsLong());
  }

  private boolean show(Failure failure) {
    shown.merge(failure.path, 1, Integer::sum);
    return problems.add(failure.path, failure.reason);
  }

  private void hide(RelPath path) {
    Integer left = shown.computeIfPresent(path, (_, count) -> count == 1 ? null : count - 1);
    if (left == null) {
      problems.clear(path);
    }
  }

  /** What counts as not looked at at this moment. */
  Unseen unseen() {
    if (failures.isEmpty() && !missesSome()) {
      return Unseen.NONE;
    }
    return new Unseen(failures.values().stream().map(f -> f.path).toList(), missesSome());
  }

  private boolean missesSome() {
    return missed || missedBefore;
  }

  /** The name was looked at, or seen not to be there. */
  void over(Place place, RelPath path) {
    over(place);
    if (!shown.containsKey(path)) {
      problems.clear(path);
    }
  }

  private void over(Place place) {
    Failure failure = failures.remove(place);
    if (failure != null) {
      hide(failure.path);
      if (!place.equals(Place.ROOT) || !missesSome()) {
        retries.over(place);
      }
    }
  }

  /**
   * The name is gone. So are the problems of what was below it, but not what could not be looked at
   * there: it may turn up with its directory at another place.
   */
  void gone(Place place, RelPath path) {
    over(place, path);
    problems.clearBelow(path, shown::containsKey);
  }

  /** A directory has another path now, and so has what is below it. */
  void moved() {
    moved = true;
  }

  /** Shows what could not be looked at with the paths that it has now. */
  void showMoved(IndexReader index) {
    if (!moved) {
      return;
    }
    moved = false;
    failures.forEach(
        (place, failure) ->
            index
                .path(place.directory())
                .map(directory -> path(directory, place.name()))
                .filter(now -> !now.equals(failure.path))
                .ifPresent(
                    now -> {
                      RelPath before = failure.path;
                      failure.path = now;
                      show(failure);
                      hide(before);
                    }));
  }

  /**
   * A directory at this place is seen, or about to be listed: whether all below it is to be listed,
   * too, since that was left out when the place could not be looked at. Answers true once.
   */
  boolean takeBelow(Place place) {
    Failure failure = failures.get(place);
    if (failure == null || !failure.below) {
      return false;
    }
    failure.below = false;
    return true;
  }

  private static RelPath path(RelPath directory, @Nullable Name name) {
    return name == null ? directory : directory.child(name);
  }

  /**
   * A directory was listed to its end, and every name in it looked at but these: what had failed
   * before is over, or is not there any more.
   */
  void listed(EntryId directory, Set<Name> unreadable) {
    for (Place place : in(directory)) {
      Name name = place.name();
      if (name == null || !unreadable.contains(name)) {
        over(place);
      }
    }
  }

  private List<Place> in(EntryId directory) {
    if (failures.isEmpty()) {
      return List.of();
    }
    List<Place> places = new ArrayList<>();
    for (Place place : failures.tailMap(Place.itself(directory)).keySet()) {
      if (!place.directory().equals(directory)) {
        break;
      }
      places.add(place);
    }
    return places;
  }

  /** The directory is gone, and with it all that was in it. */
  void forget(EntryId directory) {
    in(directory).forEach(this::over);
  }

  /** Whether something is to be looked at again now. */
  boolean isDue() {
    return retries.isDue(clock.getAsLong());
  }

  /** What is; {@link #settle} is to follow once it was tried. */
  List<Due> takeDue() {
    List<Due> due = new ArrayList<>();
    for (Place place : retries.takeDue(clock.getAsLong())) {
      boolean whole = place.equals(Place.ROOT) && missesSome();
      if (whole) {
        missedBefore = true;
        missed = false;
      }
      due.add(new Due(place, whole));
    }
    return due;
  }

  /**
   * All that was due was tried, and all listed that was to be.
   *
   * @param complete whether every directory was found where it should be
   */
  void settle(boolean complete) {
    if (complete && missedBefore) {
      missedBefore = false;
      if (!missed && !failures.containsKey(Place.ROOT)) {
        retries.over(Place.ROOT);
      }
    }
    retries.putOff(clock.getAsLong());
  }
}

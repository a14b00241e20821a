package org.hotspare.watch;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.hotspare.linux.DirFd;
import org.hotspare.tree.EntryId;

/**
 * Tells where in a tree something may have changed. Only directories that were given to {@link
 * #watch} are told about, under the ids they were given with. What it tells are hints: a mark may
 * be late, doubled or about nothing, but no change in a watched directory goes without a mark,
 * except for what the kernel raises no event for (stores through a mapping, asynchronous writes
 * before the file is closed): those are found by {@link Sweep}.
 *
 * <p>{@link #poll} is called by one thread; all else by any.
 */
public interface Watcher extends AutoCloseable {
  Coverage coverage();

  /**
   * From here on changes in the directory are told under this id. To be called before the directory
   * is listed, so that nothing falls between; calling it again costs little, and is how a directory
   * that had no watch for lack of room gets one. A directory that was moved keeps its id.
   *
   * @throws IOException if the directory itself cannot be read any more; not when it cannot be
   *     watched, which {@link #coverage()} tells
   */
  void watch(EntryId id, DirFd directory) throws IOException;

  /** The filesystems of all directories that were watched so far, as {@code Stat.device()}. */
  Set<Long> devices();

  /** The directory is gone or left the mirror. An id that is not watched is ignored. */
  void forget(EntryId id);

  /**
   * Waits until there are marks, {@link #wake} is called, or {@code timeout} is over.
   *
   * <p>Where directories have to be polled, the time from a call that returned a {@link
   * Mark.Listing} to the next call is taken for the cost of looking at it, and the next ones follow
   * after a pause in proportion.
   *
   * @return at most {@code maxMarks}, in the order in which they happened, each only once; a {@link
   *     Mark.Everything} comes first and stands for all that happened until then
   * @throws IOException if the kernel's events can no longer be read
   */
  List<Mark> poll(Duration timeout, int maxMarks) throws IOException;

  /** Ends a {@link #poll} that is waiting, or the next one. */
  void wake();

  /**
   * Marks this moment among the events by making and removing a file in the work directory, as
   * watchman does.
   *
   * @return a token for {@link #passed}; later ones are larger
   * @throws IOException if the work directory cannot be written to
   */
  long cookie() throws IOException;

  /**
   * Whether {@link #poll} has returned a mark for everything that happened before {@link #cookie}
   * gave this token. Where directories are polled, that is after each had its turn. The marks that
   * the latest call returned are among them: look at those before relying on it.
   */
  boolean passed(long token);

  /**
   * As {@link #cookie}, of events alone: no directory that is polled gets its turn for it.
   *
   * @return a token for {@link #eventsPassed}
   * @throws IOException if the work directory cannot be written to
   */
  long eventCookie() throws IOException;

  /** As {@link #passed}, of events alone. */
  boolean eventsPassed(long token);

  @Override
  void close();
}

package org.hotspare.watch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.hotspare.linux.OpenFile;
import org.hotspare.linux.ProcessFiles;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.RelPath;
import org.jspecify.annotations.Nullable;

/** A mirror's tree, of which {@link Sweep} tells what is open for writing. */
public final class SweptTree implements AutoCloseable {
  private static final long SLICE_NANOS = 5_000_000;

  /** A file that may be written to right now is told about in every pass; beyond this, a part. */
  private static final int MAX_CANDIDATES_A_PASS = 200_000;

  private static final byte[] DELETED = " (deleted)".getBytes(StandardCharsets.US_ASCII);

  private final Sweep sweep;
  private final byte[] rootPath;
  private final Supplier<Set<Long>> devices;
  private final Predicate<Candidate> found;

  // ---- guarded by this: of the pass that is under way, or was last

  private Set<Long> sweptDevices = Set.of();
  private final Set<Place> told = new HashSet<>();
  private boolean writers;

  private boolean closed;

  /**
   * A file to look at again, whatever its metadata say: perhaps not one of the mirror.
   *
   * @param path below the root, as the writing process's descriptor reads: to try first, not to
   *     rely on; null where it is not below the root as seen from here
   * @param device as {@code Stat.device()}
   * @param inode the inode number on it
   * @param mapped whether it is mapped, and not only open
   */
  public record Candidate(@Nullable RelPath path, long device, long inode, boolean mapped) {}

  private record Place(long device, long inode) {}

  SweptTree(Sweep sweep, Bytes rootPath, Supplier<Set<Long>> devices, Predicate<Candidate> found) {
    this.sweep = sweep;
    this.rootPath = rootPath.array();
    this.devices = devices;
    this.found = found;
  }

  /** Answers the devices of which it is to be told in this pass. */
  synchronized Set<Long> passBegins() {
    sweptDevices = closed ? Set.of() : devices.get();
    told.clear();
    writers = false;
    return sweptDevices;
  }

  /** Tells of the file where it is on one of this tree's filesystems; each once a pass. */
  synchronized void look(OpenFile file) {
    if (!closed && sweptDevices.contains(file.device())) {
      tell(file, told, candidate -> writers |= found.test(candidate));
    }
  }

  /** Whether anything of the mirror was found in the last pass. */
  synchronized boolean hasWriters() {
    return writers;
  }

  /**
   * Passes over all processes once, on the caller's thread and without pauses: for who has to know
   * what is open at this moment.
   *
   * @param deadlineNanos as of {@code System.nanoTime()}
   * @return whether it came to the end in time
   * @throws IOException if {@code /proc} cannot be read
   */
  public boolean passNow(Consumer<Candidate> found, long deadlineNanos) throws IOException {
    Set<Long> wanted = devices.get();
    if (wanted.isEmpty()) {
      return true;
    }
    Set<Place> seen = new HashSet<>();
    try (ProcessFiles files = new ProcessFiles(wanted, true)) {
      while (!files.scan(SLICE_NANOS, file -> tell(file, seen, found))) {
        if (System.nanoTime() - deadlineNanos >= 0) {
          return false;
        }
      }
    }
    return seen.size() < MAX_CANDIDATES_A_PASS;
  }

  private void tell(OpenFile file, Set<Place> seen, Consumer<Candidate> listener) {
    if (seen.size() < MAX_CANDIDATES_A_PASS && seen.add(new Place(file.device(), file.inode()))) {
      listener.accept(
          new Candidate(below(file.path()), file.device(), file.inode(), file.mapped()));
    }
  }

  /** Null for what is not below the root, or has no name any more. */
  private @Nullable RelPath below(Bytes path) {
    byte[] bytes = path.array();
    int start = rootPath.length == 1 ? 1 : rootPath.length + 1;
    boolean isBelow =
        bytes.length > start
            && bytes[start - 1] == '/'
            && Arrays.equals(bytes, 0, start - 1, rootPath, 0, start - 1);
    boolean isDeleted =
        bytes.length > DELETED.length
            && Arrays.equals(
                bytes, bytes.length - DELETED.length, bytes.length, DELETED, 0, DELETED.length);
    if (!isBelow || isDeleted) {
      return null;
    }
    try {
      return RelPath.parse(Bytes.wrap(Arrays.copyOfRange(bytes, start, bytes.length)));
    } catch (IllegalArgumentException notOfThisTree) {
      return null;
    }
  }

  /** Is told nothing any more once this returns. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    sweep.forget(this);
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.linux.DirFd;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.watch.WorkDirectories;

/**
 * The open directories of one piece of work on a mirror's tree: the root and the parts of the work
 * directory on the same filesystem. Owned by one thread, but for {@code staging}, in which several
 * may create files.
 */
record Workplace(DirFd root, DirFd staging, DirFd limbo, DirFd kept, long device)
    implements AutoCloseable {

  private static final Name STAGING = Name.of("staging");
  private static final Name LIMBO = Name.of("limbo");
  private static final Name KEPT = Name.of("kept");

  /**
   * @throws MirrorRoot.RootMissing if the root is not the one that this mirror began with
   */
  static Workplace enter(MirrorRoot mirror) throws IOException {
    return of(mirror, mirror.enter());
  }

  /**
   * The same in a root that is not the mirror's yet: it is made where it is missing.
   *
   * @see MirrorRoot#adopt
   */
  static Workplace prepare(MirrorRoot mirror) throws IOException {
    return of(mirror, mirror.prepare());
  }

  private static Workplace of(MirrorRoot mirror, DirFd root) throws IOException {
    List<DirFd> opened = new ArrayList<>(List.of(root));
    try (DirFd work = mirror.enterWork()) {
      for (Name part : List.of(STAGING, LIMBO, KEPT)) {
        opened.add(WorkDirectories.openOrMake(work, part));
      }
      return new Workplace(root, opened.get(1), opened.get(2), opened.get(3), root.stat().device());
    } catch (IOException | RuntimeException e) {
      opened.forEach(DirFd::close);
      throw e;
    }
  }

  /** Under which name an entry without a name of its own waits in limbo, or is staged. */
  static Name nameOf(EntryId id) {
    return Name.of(Long.toHexString(id.value()));
  }

  /** Whether the entry waits in limbo. */
  boolean isInLimbo(EntryId id) throws IOException {
    return limbo.statIfPresent(nameOf(id)) != null;
  }

  @Override
  public void close() {
    root.close();
    staging.close();
    limbo.close();
    kept.close();
  }
}

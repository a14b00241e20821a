package org.hotspare.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hotspare.linux.LoopFileSystem;

/**
 * A pair whose trees lie on real filesystems, one of its own for each side; what the agents keep
 * lies in memory elsewhere. Needs root.
 */
final class PairOn implements AutoCloseable {
  /** Where the mirrored directory lies. */
  enum Place {
    EXT4(LoopFileSystem.Kind.EXT4),

    /** The root is the mount point, so the work directory lies inside it. */
    XFS(LoopFileSystem.Kind.XFS),
    BTRFS(LoopFileSystem.Kind.BTRFS),

    /** The root is a subvolume: a device of its own, on which fanotify has no mark. */
    BTRFS_SUBVOLUME(LoopFileSystem.Kind.BTRFS),
    TMPFS(LoopFileSystem.Kind.TMPFS),

    /** No fanotify either. */
    OVERLAY(LoopFileSystem.Kind.OVERLAY);

    private final LoopFileSystem.Kind kind;

    Place(LoopFileSystem.Kind kind) {
      this.kind = kind;
    }

    private Path tree(LoopFileSystem fileSystem) {
      Path tree = this == XFS ? fileSystem.path() : fileSystem.path().resolve("tree");
      if (this == BTRFS_SUBVOLUME) {
        LoopFileSystem.run("btrfs", "subvolume", "create", tree.toString());
      }
      return tree;
    }
  }

  private static final int MEGABYTES_OF_STATE = 512;

  private final LoopFileSystem alpha;
  private final LoopFileSystem beta;
  private final LoopFileSystem states;
  private final TestPair pair;

  private PairOn(Place place, int megabytes) throws IOException {
    alpha = LoopFileSystem.create(place.kind, megabytes);
    beta = LoopFileSystem.create(place.kind, megabytes);
    states = LoopFileSystem.create(LoopFileSystem.Kind.TMPFS, MEGABYTES_OF_STATE);
    pair = TestPair.make(states.path(), place.tree(alpha), place.tree(beta), "", "");
  }

  /**
   * Makes both filesystems and the pair; nothing runs yet.
   *
   * @param megabytes of each filesystem, in memory as far as they are used
   */
  static PairOn make(Place place, int megabytes) throws IOException {
    return new PairOn(place, megabytes);
  }

  TestPair pair() {
    return pair;
  }

  /** The primary's tree. */
  Path tree() {
    return pair.alpha().tree();
  }

  /** The standby's. */
  Path copy() {
    return pair.beta().tree();
  }

  /** The inode number of what the standby has at this path. */
  long inodeOfCopy(String path) throws IOException {
    return (long) Files.getAttribute(copy().resolve(path), "unix:ino");
  }

  @Override
  public void close() throws IOException {
    try {
      pair.close();
    } finally {
      states.close();
      beta.close();
      alpha.close();
    }
  }
}

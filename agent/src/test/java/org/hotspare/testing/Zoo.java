package org.hotspare.testing;

import java.nio.file.Path;
import java.util.List;

/** A tree with every kind of entry and every attribute that a mirror has to carry. Needs root. */
public final class Zoo {
  private Zoo() {}

  /** Makes it in a directory, which is made if it is not there. */
  public static void make(Path directory) {
    Command.succeed(Command.script("make_zoo", directory));
  }

  /**
   * With paths longer than 4096 bytes as well, which rsync and many other programs refuse: only
   * {@code compare_trees.py} can judge it, and only {@link #delete} remove it.
   */
  public static void makeBeyondPathMax(Path directory) {
    Command.succeed(Command.script("make_zoo", directory, "--beyond-path-max"));
  }

  /** Removes a tree, whatever it contains. */
  public static void delete(Path directory) {
    Command.succeed(List.of("rm", "-rf", "--one-file-system", directory.toString()));
  }
}

package org.hotspare.watch;

import org.hotspare.linux.FileHandle;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/** What the kernel says may have changed: a hint where to look, never the truth. */
public sealed interface Mark {
  /**
   * Look at this name: created, removed, replaced, written to, or of new metadata.
   *
   * @param target what it meant then, on the filesystem of the directory; null where the kernel
   *     does not say, and for a directory
   */
  record Entry(EntryId directory, Name name, @Nullable FileHandle target) implements Mark {
    public Entry(EntryId directory, Name name) {
      this(directory, name, null);
    }
  }

  /** The directory's own metadata. */
  record Self(EntryId directory) implements Mark {}

  /**
   * List this directory and look at every name in it, but not below the directories that are
   * already known: its turn has come in the polling of directories that raise no events.
   */
  record Listing(EntryId directory) implements Mark {}

  /** List the directory and all below again. */
  record Subtree(EntryId directory) implements Mark {}

  /** An exact rename, of whatever it is, with both names inside the mirror. */
  record Moved(EntryId from, Name fromName, EntryId to, Name toName) implements Mark {}

  /**
   * Anything may have changed.
   *
   * @param reason for the log, such as that the kernel's queue overflowed
   */
  record Everything(String reason) implements Mark {}
}

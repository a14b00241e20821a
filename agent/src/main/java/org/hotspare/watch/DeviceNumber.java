package org.hotspare.watch;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.Local;
import org.hotspare.linux.DirFd;
import org.hotspare.tree.EntryId;

/**
 * Keeps the index on the device number that the root's filesystem has. A reboot or a new mount may
 * give it another one; a file that the index knows would then not be recognized where it is first
 * met under a name that the index does not know, and be taken for a new one.
 *
 * <p>Filesystems that are mounted below the root get theirs when their files are seen again.
 */
public final class DeviceNumber {
  private DeviceNumber() {}

  /** To be called whenever the root was entered anew, before anything in it is looked at. */
  public static void follow(IndexWriter index, DirFd root) {
    index.inode(EntryId.ROOT).ifPresent(known -> follow(index, known, root));
  }

  /**
   * @param knownRoot the root's row
   */
  static void follow(IndexWriter index, Inode knownRoot, DirFd root) {
    Local known = knownRoot.local();
    if (known == null) {
      return;
    }
    try {
      long device = root.stat().device();
      if (known.device() != device) {
        index.moveDevice(known.device(), device);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

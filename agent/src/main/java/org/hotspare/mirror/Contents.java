package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.hotspare.delta.DeltaEncoder;
import org.hotspare.delta.DeltaSink;
import org.hotspare.delta.Signature;
import org.hotspare.index.Local;
import org.hotspare.linux.Access;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.FileFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Stat;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.Excludes;
import org.jspecify.annotations.Nullable;

/** Reads what is on the disk, to compare it with what should be. */
final class Contents {
  private static final int DEEPEST = 64;

  private Contents() {}

  /** The signature of a regular file as it is now. */
  static Signature signature(DirFd directory, Name name) throws IOException {
    try (FileFd file = directory.openFile(name, Access.READ)) {
      return signature(file);
    }
  }

  /** The same, or null where the name means another inode than the one expected. */
  static @Nullable Signature signatureIfSame(DirFd directory, Name name, @Nullable Local expected)
      throws IOException {
    try (FileFd file = directory.openFile(name, Access.READ)) {
      return EntryReader.isSame(expected, file.statWhenOpened()) ? signature(file) : null;
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT, Errno.ELOOP, Errno.EISDIR, Errno.ENXIO)) {
        return null;
      }
      throw e;
    }
  }

  /**
   * @throws Shrunk if it became shorter meanwhile
   */
  static Signature signature(FileFd file) throws IOException {
    Stat stat = file.stat();
    boolean weakSums = stat.size() > ContentLoader.INLINE_BYTES;
    DeltaEncoder.Result result =
        new DeltaEncoder()
            .encode(Signature.NONE, new OpenContent(file, stat.size()), weakSums, new Nowhere());
    if (result.shrunk()) {
      throw new Shrunk();
    }
    return result.signature();
  }

  /**
   * Whether anything below a directory is excluded from the mirror: such files are this node's own.
   */
  static boolean holdsExcluded(DirFd above, Name name, RelPath path, Excludes excludes)
      throws IOException {
    return holdsExcluded(above, name, path, excludes, 0);
  }

  private static boolean holdsExcluded(
      DirFd above, Name name, RelPath path, Excludes excludes, int depth) throws IOException {
    if (depth > DEEPEST) {
      return false;
    }
    try (DirFd directory = above.openDirectory(name)) {
      for (Name child : Kept.names(directory)) {
        Stat stat = directory.statIfPresent(child);
        if (stat == null) {
          continue;
        }
        if (excludes.excludes(path, child, stat.kind())) {
          return true;
        }
        boolean below =
            stat.kind() == FileKind.DIRECTORY
                && holdsExcluded(directory, child, path.child(child), excludes, depth + 1);
        if (below) {
          return true;
        }
      }
    }
    return false;
  }

  /** Somebody cut the file off while it was read. */
  static final class Shrunk extends IOException {
    private static final long serialVersionUID = 1L;

    Shrunk() {
      super("it became shorter while it was read");
    }
  }

  private static final class Nowhere implements DeltaSink {
    @Override
    public void literal(long offset, ByteBuffer bytes) {}

    @Override
    public void copy(long offset, long source, long length) {}

    @Override
    public void hole(long offset, long length) {}
  }
}

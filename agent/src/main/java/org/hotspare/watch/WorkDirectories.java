package org.hotspare.watch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Privileges;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Name;

/** Directories of ours that nobody else may look into. */
public final class WorkDirectories {
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");

  private WorkDirectories() {}

  /**
   * Makes the directory with mode 0700 where it is missing.
   *
   * @throws IOException also if something else than a directory has the name
   */
  public static void createPrivate(Path directory) throws IOException {
    try {
      Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(PRIVATE));
    } catch (FileAlreadyExistsException exists) {
      if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException(directory + " is in the way: it is no directory", exists);
      }
      Files.setPosixFilePermissions(directory, PRIVATE);
    }
  }

  /**
   * Opens a directory of ours in another. Whoever can write to that other directory can put
   * something else under the name: a link is not followed, and what belongs to somebody else is not
   * used.
   *
   * @throws LinuxException ENOENT if it is missing
   * @throws IOException if something else than a directory of this process's user has the name
   */
  public static DirFd open(DirFd above, Name name) throws IOException {
    DirFd directory;
    try {
      directory = above.openDirectory(name);
    } catch (LinuxException e) {
      if (e.is(Errno.ELOOP, Errno.ENOTDIR)) {
        throw new IOException("a directory of hotspare is not one: " + e.getMessage(), e);
      }
      throw e;
    }
    try {
      requirePrivate(directory);
      return directory;
    } catch (IOException | RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  /** The same, and makes it where it is missing. */
  public static DirFd openOrMake(DirFd above, Name name) throws IOException {
    try {
      return open(above, name);
    } catch (LinuxException e) {
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
    }
    above.mkdirPrivate(name);
    return open(above, name);
  }

  private static void requirePrivate(DirFd directory) throws IOException {
    Stat stat = directory.stat();
    if (stat.owner() != Self.USER) {
      throw new IOException(
          "%s belongs to user %s instead of hotspare; remove it"
              .formatted(directory.path(), Integer.toUnsignedString(stat.owner())));
    }
    if ((stat.permissions() & 0777) != 0700) {
      directory.setPermissions(0700);
    }
  }

  /** Read once: a process keeps its user. */
  private static final class Self {
    static final int USER = read();

    private static int read() {
      try {
        return Privileges.ofThisProcess().userId();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}

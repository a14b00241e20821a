package org.hotspare.watch;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

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
}

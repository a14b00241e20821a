package org.hotspare.wire;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Small files that are either as before or as after, also after a power loss. */
public final class DurableFile {
  /** For its owner alone. */
  public static final String SECRET = "rw-------";

  static final String PUBLIC = "rw-r--r--";

  private DurableFile() {}

  /** Writes beside the file, syncs, renames, and syncs the directory. */
  public static void write(Path file, byte[] content, String permissions) throws IOException {
    Path beside = file.resolveSibling("." + file.getFileName() + ".new");
    Files.deleteIfExists(beside);
    Set<PosixFilePermission> wanted = PosixFilePermissions.fromString(permissions);
    try (FileChannel channel =
        FileChannel.open(
            beside,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(SECRET)))) {
      // What the umask took away is given back, and nobody else sees the file before it is whole.
      Files.setPosixFilePermissions(beside, wanted);
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    rename(beside, file);
  }

  /** Replaces {@code to}, durably. Both are in one directory. */
  static void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    syncDirectoryOf(to);
  }

  static void syncDirectoryOf(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory == null) {
      throw new IOException(file + " is in no directory");
    }
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /**
   * At most {@code limit} bytes.
   *
   * @throws IOException if the file is longer
   */
  static byte[] read(Path file, int limit) throws IOException {
    try (var in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(limit + 1);
      if (content.length > limit) {
        throw new IOException(file + " is longer than " + limit + " bytes");
      }
      return content;
    }
  }

  /** For its owner alone; that it is there already is as well. */
  public static void createDirectory(Path directory) throws IOException {
    Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }
}

package org.hotspare.watch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.UUID;
import org.hotspare.linux.Access;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.FileFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Name;
import org.hotspare.tree.Timestamp;
import org.jspecify.annotations.Nullable;

/**
 * The directory of one mirror on this node, its identity and its work directory.
 *
 * <p>No descriptor of the root is kept open between uses, so that an administrator can unmount it;
 * and each use checks that the directory found at the path is the one that this mirror began with.
 * A root that was unmounted, replaced or put on a new disk is never taken for one in which
 * everything was deleted.
 *
 * <p>The work directory lies on the same filesystem: beside the root, so that a deployment which
 * empties the root leaves it alone; inside it only where the root is a mount point.
 */
public final class MirrorRoot {
  /** The name that is never mirrored where a root is a mount point. */
  public static final Name WORK = Name.of(".hotspare");

  private static final String IDENTITY = "identity";
  private static final int IDENTITY_BYTES = 4096;

  private final String mirror;
  private final Path path;
  private final Path stateDirectory;
  private final boolean workInside;

  /** The root as it was last verified, guarded by this; null while it was not. */
  private @Nullable Seen verified;

  private MirrorRoot(String mirror, Path path, Path stateDirectory, boolean workInside) {
    this.mirror = mirror;
    this.path = path;
    this.stateDirectory = stateDirectory;
    this.workInside = workInside;
  }

  /**
   * Finds the root and its work directory. Reads only; {@link #enter} verifies.
   *
   * @param stateDirectory this mirror's own part of the state directory; it exists
   * @throws IOException if the path is no directory
   */
  public static MirrorRoot of(String mirror, Path path, Path stateDirectory) throws IOException {
    Path real = Files.isDirectory(path) ? path.toRealPath() : path.toAbsolutePath().normalize();
    Optional<String> known = read(stateDirectory.resolve(IDENTITY));
    boolean workInside =
        known.isPresent() ? known.get().contains("work=inside") : isMountPoint(real);
    return new MirrorRoot(mirror, real, stateDirectory, workInside);
  }

  private static boolean isMountPoint(Path real) throws IOException {
    Path parent = real.getParent();
    if (parent == null) {
      return true;
    }
    try (DirFd root = DirFd.openRoot(real);
        DirFd above = DirFd.openRoot(parent)) {
      Stat here = root.stat();
      return here.isMountRoot() || here.device() != above.stat().device();
    }
  }

  public String mirror() {
    return mirror;
  }

  public Path path() {
    return path;
  }

  /**
   * Opens the work directory. A local user who can write to the directory that it lies in gains
   * nothing by putting something else there.
   *
   * @throws RootMissing if it is not there, as when its filesystem is not mounted
   * @throws IOException if it is not this process's own
   */
  public DirFd enterWork() throws IOException {
    try (DirFd above = openAboveWork();
        DirFd all = WorkDirectories.open(above, WORK)) {
      return WorkDirectories.open(all, Name.of(mirror));
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        throw new RootMissing("the work directory of " + path + " is not there");
      }
      throw e;
    }
  }

  private DirFd openAboveWork() throws IOException {
    Path parent = path.getParent();
    return workInside || parent == null ? open() : open(parent);
  }

  public boolean isWorkInside() {
    return workInside;
  }

  /** Whether this mirror was used on this node before. */
  public boolean isKnown() throws IOException {
    return read(stateDirectory.resolve(IDENTITY)).isPresent();
  }

  /**
   * Opens the root for one piece of work.
   *
   * @throws RootMissing if what lies at the path is not the root that this mirror began with
   */
  public DirFd enter() throws IOException {
    DirFd root = open();
    try {
      verify(root);
      return root;
    } catch (IOException | RuntimeException e) {
      root.close();
      throw e;
    }
  }

  private DirFd open() throws IOException {
    return open(path);
  }

  private static DirFd open(Path directory) throws IOException {
    try {
      return DirFd.openRoot(directory);
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT, Errno.ENOTDIR)) {
        throw new RootMissing("the directory " + directory + " is not there");
      }
      throw e;
    }
  }

  /**
   * A directory on one mount of one filesystem. Device and mount numbers alone are given anew once
   * the filesystem that had them is unmounted.
   */
  private record Seen(
      long device, long inode, @Nullable Timestamp born, long mountId, Bytes fileSystemId) {
    static Seen of(DirFd directory) throws IOException {
      Stat stat = directory.stat();
      return new Seen(
          stat.device(), stat.inode(), stat.born(), stat.mountId(), directory.fileSystemId());
    }
  }

  private synchronized void verify(DirFd root) throws IOException {
    Seen found = Seen.of(root);
    if (found.equals(verified)) {
      return;
    }
    verified = null;
    Optional<String> ours = read(stateDirectory.resolve(IDENTITY));
    Optional<String> theirs = readFromWork();
    if (ours.isEmpty() && theirs.isEmpty()) {
      claimAs(found, UUID.randomUUID());
    } else if (ours.isEmpty()) {
      if (!isOf(theirs.orElseThrow(), found)) {
        throw new RootMissing(
            ("%s is the work directory of another directory, which is or was mirror \"%s\";"
                    + " if that is no longer mirrored, remove it")
                .formatted(workPath(), mirror));
      }
      write(stateDirectory, theirs.orElseThrow());
    } else if (theirs.isEmpty()) {
      throw new RootMissing(
          "what lies at "
              + path
              + " is not the directory that was mirrored: its filesystem is"
              + " not mounted, or it was replaced");
    } else if (!ours.equals(theirs)) {
      throw new RootMissing("the directory at " + path + " belongs to another copy of the mirror");
    } else {
      requireInode(ours.orElseThrow(), found);
    }
    verified = found;
  }

  /** For people; it is never opened by this path. */
  private Path workPath() {
    String work = WORK.toString();
    return (workInside ? path.resolve(work) : path.resolveSibling(work)).resolve(mirror);
  }

  private static boolean isOf(String identity, Seen found) {
    return identity.contains("\nroot=" + found.inode() + "\n");
  }

  private void requireInode(String identity, Seen found) throws RootMissing {
    if (!isOf(identity, found)) {
      throw new RootMissing(
          "the directory " + path + " was replaced by another one of the same name");
    }
  }

  /**
   * Opens what lies at the path, whatever it is, to be filled and then {@link #adopt adopted};
   * makes the directory where there is none.
   */
  public DirFd prepare() throws IOException {
    Files.createDirectories(path);
    try (DirFd above = openAboveWork();
        DirFd all = WorkDirectories.openOrMake(above, WORK)) {
      WorkDirectories.openOrMake(all, Name.of(mirror)).close();
    }
    return open();
  }

  /**
   * Takes what lies at the path now for the root, after an operator said so.
   *
   * @throws IOException if it cannot be read or the identity not be written
   */
  public synchronized void adopt() throws IOException {
    try (DirFd root = open()) {
      Seen found = Seen.of(root);
      claimAs(found, UUID.randomUUID());
      verified = found;
    }
  }

  private void claimAs(Seen found, UUID id) throws IOException {
    String identity =
        "mirror=%s\nroot=%d\nwork=%s\nid=%s\n"
            .formatted(mirror, found.inode(), workInside ? "inside" : "beside", id);
    try (DirFd above = openAboveWork();
        DirFd all = WorkDirectories.openOrMake(above, WORK);
        DirFd work = WorkDirectories.openOrMake(all, Name.of(mirror))) {
      write(work, identity);
    }
    write(stateDirectory, identity);
  }

  private Optional<String> readFromWork() throws IOException {
    try (DirFd work = enterWork();
        FileFd file = work.openFile(Name.of(IDENTITY), Access.READ)) {
      ByteBuffer bytes = ByteBuffer.allocateDirect(IDENTITY_BYTES);
      int read = file.read(bytes, 0);
      byte[] text = new byte[Math.max(0, read)];
      bytes.flip().get(text);
      return Optional.of(new String(text, StandardCharsets.UTF_8));
    } catch (RootMissing absent) {
      return Optional.empty();
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static Optional<String> read(Path file) throws IOException {
    try {
      return Optional.of(Files.readString(file, StandardCharsets.UTF_8));
    } catch (NoSuchFileException absent) {
      return Optional.empty();
    }
  }

  private static void write(DirFd directory, String identity) throws IOException {
    Name temporary = Name.of(IDENTITY + ".new");
    if (directory.statIfPresent(temporary) != null) {
      directory.unlink(temporary);
    }
    byte[] text = identity.getBytes(StandardCharsets.UTF_8);
    try (FileFd file = directory.create(temporary)) {
      file.write(ByteBuffer.allocateDirect(text.length).put(text).flip(), 0);
    }
    directory.rename(temporary, directory, Name.of(IDENTITY));
    directory.syncfs();
  }

  private static void write(Path directory, String identity) throws IOException {
    Path temporary = directory.resolve(IDENTITY + ".new");
    Files.writeString(temporary, identity);
    Files.move(temporary, directory.resolve(IDENTITY), StandardCopyOption.ATOMIC_MOVE);
    try (DirFd made = DirFd.openRoot(directory)) {
      made.syncfs();
    }
  }

  /** The root of a mirror is not there, or is not the one that it was. */
  public static final class RootMissing extends IOException {
    private static final long serialVersionUID = 1L;

    RootMissing(String message) {
      super(message);
    }
  }
}

package org.hotspare.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.hotspare.testing.Cleanup;
import org.hotspare.tree.Bytes;

/**
 * A real filesystem of its own for one test, made in memory and mounted in a temporary directory;
 * {@link #close} unmounts and removes it. Needs root.
 */
public final class LoopFileSystem implements AutoCloseable {
  /** What can be made. */
  public enum Kind {
    EXT4("mkfs.ext4 -q -F"),
    XFS("mkfs.xfs -q -f"),
    BTRFS("mkfs.btrfs -q -f"),
    TMPFS(""),
    OVERLAY("");

    /** What mkfs.xfs and mkfs.btrfs accept at least. */
    private static final long MIN_MEGABYTES = 320;

    /** The command, without the image. */
    private final String make;

    Kind(String make) {
      this.make = make;
    }

    long atLeast(long megabytes) {
      return this == XFS || this == BTRFS ? Math.max(megabytes, MIN_MEGABYTES) : megabytes;
    }
  }

  private static final Path MEMORY = Path.of("/dev/shm");

  private final Path home;
  private final Path mountPoint;
  private final Cleanup cleanup;

  private LoopFileSystem(Path home) {
    this.home = home;
    this.mountPoint = home.resolve("mount");
    this.cleanup = Cleanup.of("unmount " + home, this::release);
  }

  /**
   * @param megabytes its size; XFS and btrfs are made larger where they must be
   */
  public static LoopFileSystem create(Kind kind, long megabytes) {
    LoopFileSystem made = null;
    try {
      made = new LoopFileSystem(Files.createTempDirectory(MEMORY, "hotspare-test-"));
      Files.createDirectory(made.mountPoint);
      made.mount(kind, kind.atLeast(megabytes));
      return made;
    } catch (IOException | RuntimeException failed) {
      if (made != null) {
        made.close();
      }
      throw new IllegalStateException("cannot make a test filesystem of " + kind, failed);
    }
  }

  /** The mount point: the root of the filesystem. */
  public Path path() {
    return mountPoint;
  }

  /** A descriptor of the root, to be closed before this. */
  public DirFd open() throws IOException {
    return DirFd.openRoot(mountPoint);
  }

  private void mount(Kind kind, long megabytes) throws IOException {
    switch (kind) {
      case EXT4, XFS, BTRFS -> {
        Path image = home.resolve("image");
        run("truncate", "-s", megabytes + "M", image.toString());
        List<String> make = new ArrayList<>(List.of(kind.make.split(" ")));
        make.add(image.toString());
        run(make.toArray(String[]::new));
        run("mount", "-o", "loop", image.toString(), mountPoint.toString());
      }
      case TMPFS ->
          run("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m", "tmpfs", mountPoint + "");
      case OVERLAY -> {
        // The layers lie on a filesystem of their own, so that the size holds for them too.
        Path layers = Files.createDirectory(home.resolve("layers"));
        run("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m", "tmpfs", layers + "");
        for (String name : List.of("lower", "upper", "work")) {
          Files.createDirectory(layers.resolve(name));
        }
        String options =
            "lowerdir=%1$s/lower,upperdir=%1$s/upper,workdir=%1$s/work".formatted(layers);
        run("mount", "-t", "overlay", "-o", options, "overlay", mountPoint.toString());
      }
    }
  }

  /**
   * Runs a command and waits for it.
   *
   * @return what it printed
   * @throws IllegalStateException if it fails
   */
  public static String run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException(String.join(" ", command) + ": " + output);
      }
      return output;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", interrupted);
    }
  }

  /** Mounts it again, under another device number. Not for those without an image. */
  public void remountAsAnotherDevice() {
    remountAsAnotherDevice(mountPoint, home.resolve("image"));
  }

  /** Mounts an image in place of the one that is mounted there, under another device number. */
  public static void remountAsAnotherDevice(Path mountPoint, Path image) {
    // Taken while the one before is, or it could be that one again.
    String device = run("losetup", "--find", "--show", image.toString()).strip();
    try {
      run("umount", mountPoint.toString());
      // What was read of it before that, by whoever looks at new devices, may be old.
      run("blockdev", "--flushbufs", device);
      run("mount", device, mountPoint.toString());
    } finally {
      // Once it is not mounted any more.
      run("losetup", "--detach", device);
    }
  }

  @Override
  public void close() {
    cleanup.close();
  }

  private void release() {
    mountsBelow(home).forEach(LoopFileSystem::unmount);
    try (Stream<Path> files = Files.walk(home)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** Innermost first, also those that a test mounted itself. */
  private static List<String> mountsBelow(Path home) {
    try {
      return Mounts.atOrBelow(Bytes.of(home.toString())).stream()
          .map(mount -> new String(mount.point().array(), StandardCharsets.UTF_8))
          .toList()
          .reversed();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static void unmount(String point) {
    try {
      run("umount", point);
    } catch (IllegalStateException busy) {
      // The loop device goes away by itself when the last user of the mount does.
      run("umount", "-l", point);
    }
  }
}

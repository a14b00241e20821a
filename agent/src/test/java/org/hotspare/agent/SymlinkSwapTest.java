package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.hotspare.linux.Access;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.FileFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Listed;
import org.hotspare.linux.Listing;
import org.hotspare.linux.Stat;
import org.hotspare.testing.Churn;
import org.hotspare.testing.Judge;
import org.hotspare.testing.Swaps;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A local user keeps swapping what is mirrored for links to places outside of the root, while the
 * agents work in it: nothing outside is read or written on either side, no FIFO or device stops
 * them, and once the user has had enough the trees are the same.
 */
final class SymlinkSwapTest {
  private static final Duration SHORT = Duration.ofSeconds(10);
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final String SECRET = "read from outside of the root";
  private static final List<String> NAMES = List.of("canary", "f0", "f1", "f2");

  @TempDir Path base;
  private Path outside;

  @BeforeEach
  void makeTheOutside() throws Exception {
    outside = Files.createDirectories(base.resolve("elsewhere/outside"));
    for (String name : NAMES) {
      Path file = outside.resolve(name);
      Files.writeString(file, SECRET);
      Files.setLastModifiedTime(file, FileTime.fromMillis(1_600_000_000_000L));
    }
    Files.createDirectory(outside.resolve("sub"));
    Files.writeString(outside.resolve("sub/canary"), SECRET);
  }

  @Test
  void nothingOutsideIsReadOnThePrimary() throws Exception {
    onThePrimary(SHORT);
  }

  @Test
  void nothingOutsideIsWrittenOnTheStandby() throws Exception {
    onTheStandby(SHORT);
  }

  @Test
  @Tag("long")
  void nothingOutsideIsReadOnThePrimaryForAMinute() throws Exception {
    onThePrimary(LONG);
  }

  @Test
  @Tag("long")
  void nothingOutsideIsWrittenOnTheStandbyForAMinute() throws Exception {
    onTheStandby(LONG);
  }

  @Test
  void aWorkDirectoryThatWasSwappedIsNotUsed() throws Exception {
    Map<String, String> before = outsideNow();
    fill(base.resolve("alpha/tree"));
    try (TestPair pair = pair().start()) {
      pair.assertSame();
      Path work = base.resolve("beta/.hotspare");
      Path aside = base.resolve("beta/aside");
      Files.move(work, aside);
      Files.createSymbolicLink(work, outside);
      Files.writeString(pair.alpha().tree().resolve("swapped/d0/f0"), "changed meanwhile");
      Files.delete(pair.alpha().tree().resolve("swapped/d0/f1"));
      TestPair.await(
          "a problem is shown",
          () ->
              pair.beta().mirror().problems().stream()
                  .anyMatch(problem -> problem.reason().contains("is not one")));
      assertThat(outsideNow()).isEqualTo(before);

      Files.delete(work);
      Files.move(aside, work);
      pair.assertSame();
    }
    assertThat(outsideNow()).isEqualTo(before);
  }

  private void fill(Path tree) throws IOException {
    for (int i = 0; i < 4; i++) {
      Path directory = Files.createDirectories(tree.resolve("swapped/d" + i + "/sub"));
      Files.writeString(directory.resolve("canary"), "mirrored");
      for (String name : NAMES) {
        Files.writeString(directory.resolveSibling(name), "mirrored " + i);
      }
    }
    Files.createDirectories(tree.resolve("churn"));
  }

  /** With no guard against deletions: the churn deletes much of what it makes. */
  private TestPair pair() throws IOException {
    return TestPair.make(
        base,
        base.resolve("alpha/tree"),
        base.resolve("beta/tree"),
        "",
        "guard: {deletions: 1000000}");
  }

  private void onThePrimary(Duration duration) throws Exception {
    Map<String, String> before = outsideNow();
    fill(base.resolve("alpha/tree"));
    try (TestPair pair = pair().start()) {
      pair.assertSame();
      Path tree = pair.alpha().tree();
      try (Churn churn = Churn.start(tree.resolve("churn"), 200, duration, 11);
          Swaps swaps = Swaps.start(tree, outside, duration, 12, false)) {
        while (swaps.isRunning()) {
          assertNoSecretIn(pair.beta().tree());
        }
        swaps.await();
        churn.await();
      }
      pair.assertSame();
      // What was replaced meanwhile is kept beside the tree.
      assertNoSecretIn(base.resolve("beta"));
    }
    assertThat(outsideNow()).isEqualTo(before);
  }

  private void onTheStandby(Duration duration) throws Exception {
    Map<String, String> before = outsideNow();
    fill(base.resolve("alpha/tree"));
    try (TestPair pair = pair().start()) {
      pair.assertSame();
      AtomicBoolean enough = new AtomicBoolean();
      Thread writer = new Thread(() -> write(pair.alpha().tree().resolve("swapped"), enough));
      writer.start();
      try (Swaps swaps = Swaps.start(pair.beta().tree(), outside, duration, 13, true)) {
        swaps.await();
      } finally {
        enough.set(true);
        writer.join();
      }
      Judge.assertSameTree(pair.alpha().tree(), pair.beta().tree(), TestPair.LIMIT);
      pair.assertSame();
    }
    assertThat(outsideNow()).isEqualTo(before);
  }

  /** Changes what is swapped on the other side: content, metadata, names, whole directories. */
  private static void write(Path top, AtomicBoolean enough) {
    Random random = new Random(14);
    try {
      for (int i = 0; !enough.get(); i++) {
        Path directory = top.resolve("d" + random.nextInt(4));
        Path file = directory.resolve(NAMES.get(random.nextInt(NAMES.size())));
        switch (random.nextInt(6)) {
          case 0 -> Files.deleteIfExists(file);
          case 1 -> {
            Path next = Files.writeString(directory.resolve("next"), "published " + i);
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
          }
          case 2 -> {
            Path sub = directory.resolve("sub");
            Files.deleteIfExists(sub.resolve("canary"));
            Files.deleteIfExists(sub);
            Files.createDirectory(sub);
            Files.writeString(sub.resolve("canary"), "again " + i);
          }
          case 3 -> Files.setLastModifiedTime(directory, FileTime.fromMillis(1000L * i));
          default -> Files.writeString(file, "written " + i);
        }
        Thread.sleep(3);
      }
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertNoSecretIn(Path top) throws IOException {
    try (DirFd directory = DirFd.openRoot(top)) {
      assertNoSecretIn(directory);
    }
  }

  /** Follows no link, since the links lead to the secret. */
  private static void assertNoSecretIn(DirFd directory) throws IOException {
    List<Name> names = new ArrayList<>();
    try (Listing listing = directory.list()) {
      for (Listed listed = listing.next(); listed != null; listed = listing.next()) {
        names.add(listed.name());
      }
    }
    for (Name name : names) {
      Stat stat = directory.statIfPresent(name);
      try {
        if (stat != null && stat.kind() == FileKind.DIRECTORY) {
          try (DirFd below = directory.openDirectory(name)) {
            assertNoSecretIn(below);
          }
        } else if (stat != null && stat.kind() == FileKind.REGULAR_FILE) {
          assertThat(content(directory, name)).as("%s %s", directory, name).doesNotContain(SECRET);
        }
      } catch (LinuxException e) {
        // Swapped since it was looked at.
        assertThat(e.errno()).isIn(Errno.ENOENT, Errno.ELOOP, Errno.ENOTDIR, Errno.ENXIO);
      }
    }
  }

  private static String content(DirFd directory, Name name) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocateDirect(4096);
    try (FileFd file = directory.openFile(name, Access.READ)) {
      file.read(bytes, 0);
    }
    return StandardCharsets.ISO_8859_1.decode(bytes.flip()).toString();
  }

  /** All that could have been changed outside, but for what planting a hard link changes. */
  private Map<String, String> outsideNow() throws IOException {
    Map<String, String> found = new TreeMap<>();
    for (Path top : List.of(outside, Path.of("/etc"))) {
      try (Stream<Path> files = Files.walk(top, top.equals(outside) ? 9 : 1)) {
        for (Path file : (Iterable<Path>) files::iterator) {
          Map<String, Object> about =
              Files.readAttributes(
                  file, "unix:mode,uid,gid,ino,lastModifiedTime,size", LinkOption.NOFOLLOW_LINKS);
          boolean regular = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
          String content = regular ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
          found.put(file.toString(), new TreeMap<>(about) + " " + content.hashCode());
        }
      }
    }
    return found;
  }
}

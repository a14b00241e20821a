package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.linux.LoopFileSystem.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.hotspare.linux.KernelSetting;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What depends on the method: limits, and several filesystems in one tree. */
@Tag("alone")
class WatchersTest {
  private final LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64);
  private final Path root = fileSystem.path().resolve("root");
  private final Path work = fileSystem.path().resolve("work");

  @BeforeEach
  void make() throws IOException {
    Files.createDirectory(root);
    Files.createDirectory(work);
  }

  @AfterEach
  void unmount() {
    fileSystem.close();
  }

  @ParameterizedTest
  @CsvSource({"FANOTIFY,fs/fanotify/max_queued_events", "INOTIFY,fs/inotify/max_queued_events"})
  void anOverflowBecomesEverything(WatchMethod method, String limit) throws Exception {
    WatchedTree.Opened opened;
    try (KernelSetting _ = KernelSetting.set(limit, 8)) {
      opened = WatchedTree.Opened.open(root, work, method, false);
    }
    try (opened) {
      MiniScanner scanner = new MiniScanner(opened.watcher(), opened.root());
      long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      for (int round = 0; !hasOverflown(scanner); round++) {
        assertThat(System.nanoTime()).as("an overflow in time").isLessThan(deadline);
        run("sh", "-c", "for i in $(seq 300); do : > " + root + "/f" + round + "-$i; done");
        scanner.settle();
        assertThat(scanner.differences(true)).isEmpty();
      }
    }
  }

  private static boolean hasOverflown(MiniScanner scanner) {
    return scanner.marks.stream().anyMatch(Mark.Everything.class::isInstance);
  }

  @Test
  void withoutRoomForWatchesDirectoriesArePolledUntilThereIs() throws Exception {
    try (WatchedTree.Opened opened =
        WatchedTree.Opened.open(root, work, WatchMethod.INOTIFY, false)) {
      Watcher watcher = opened.watcher();
      MiniScanner scanner = new MiniScanner(watcher, opened.root());
      assertThat(watcher.coverage().complete()).isTrue();
      try (KernelSetting _ = KernelSetting.set("fs/inotify/max_user_watches", 1)) {
        run("mkdir", "-p", root + "/a/b/c", root + "/d");
        Files.writeString(root.resolve("a/b/c/file"), "x");
        scanner.settle();
        assertThat(scanner.differences(true)).isEmpty();
        assertThat(watcher.coverage().complete()).isFalse();
        assertThat(watcher.coverage().reason())
            .contains("4 directories are polled")
            .contains("fs.inotify.max_user_watches");
        Files.writeString(root.resolve("a/b/c/file"), "yy");
        scanner.settle();
        assertThat(scanner.differences(true)).isEmpty();
      }
      long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      while (!watcher.coverage().complete()) {
        assertThat(System.nanoTime()).as("room again").isLessThan(deadline);
        scanner.step(Duration.ofMillis(100));
      }
      Files.writeString(root.resolve("a/b/c/file"), "zzz");
      scanner.settle();
      assertThat(scanner.differences(true)).isEmpty();
    }
  }

  @Test
  void whatTheProcessDoesItselfCanBeLeftOut() throws Exception {
    try (WatchedTree.Opened opened =
        WatchedTree.Opened.open(root, work, WatchMethod.FANOTIFY, true)) {
      MiniScanner scanner = new MiniScanner(opened.watcher(), opened.root());
      Files.writeString(root.resolve("own"), "x");
      run("touch", root.resolve("other").toString());
      scanner.settle();
      // The kernel may tell of one file in several events, read at several times.
      assertThat(scanner.marks)
          .isNotEmpty()
          .allMatch(
              mark ->
                  mark instanceof Mark.Entry entry
                      && entry.directory().equals(EntryId.ROOT)
                      && entry.name().equals(Name.of("other")));
    }
  }

  @Test
  void oneTreeMayNeedSeveralMethods() throws Exception {
    Files.createDirectories(root.resolve("overlay"));
    Files.createDirectories(root.resolve("other"));
    try (LoopFileSystem overlay = LoopFileSystem.create(LoopFileSystem.Kind.OVERLAY, 16);
        LoopFileSystem xfs = LoopFileSystem.create(LoopFileSystem.Kind.XFS, 16)) {
      run("mount", "--bind", overlay.path().toString(), root.resolve("overlay").toString());
      run("mount", "--bind", xfs.path().toString(), root.resolve("other").toString());
      try (WatchedTree.Opened opened =
          WatchedTree.Opened.open(root, work, WatchMethod.FANOTIFY, false)) {
        MiniScanner scanner = new MiniScanner(opened.watcher(), opened.root());
        for (int round = 0; round < 20; round++) {
          for (String place : List.of("", "overlay", "other")) {
            run("mkdir", "-p", root.resolve(place) + "/d" + round);
            Files.writeString(root.resolve(place).resolve("d" + round / 2).resolve("file"), "x");
          }
          scanner.settle();
          assertThat(scanner.differences(true)).as("round %d", round).isEmpty();
        }
        assertThat(opened.watcher().coverage()).isEqualTo(new Coverage("fanotify", true, ""));
        assertThat(opened.watcher().devices()).hasSize(3);
      } finally {
        run("umount", root.resolve("overlay").toString());
        run("umount", root.resolve("other").toString());
      }
    }
  }

  @Test
  void aMountedCopyOfTheSameFilesystemIsToldApart() throws Exception {
    run("sync", "-f", root.toString());
    Path image = fileSystem.path().resolveSibling("image");
    Path copy = fileSystem.path().resolveSibling("copy");
    Files.copy(image, copy);
    Path point = Files.createDirectory(root.resolve("copy"));
    run("mount", "-o", "loop", copy.toString(), point.toString());
    try (WatchedTree.Opened opened =
        WatchedTree.Opened.open(root, work, WatchMethod.FANOTIFY, false)) {
      MiniScanner scanner = new MiniScanner(opened.watcher(), opened.root());
      Files.writeString(root.resolve("same"), "original");
      scanner.settle();
      assertThat(scanner.differences(true)).isEmpty();
      Files.writeString(point.resolve("root/same"), "copy");
      scanner.settle();
      assertThat(scanner.differences(true)).isEmpty();
    } finally {
      run("umount", point.toString());
    }
  }
}

package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.linux.LoopFileSystem.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What every watcher promises, on every filesystem: whoever looks only where it says has a true
 * picture once a cookie has passed.
 */
@ParameterizedClass
@EnumSource
class WatcherContractTest {
  // Set before each filesystem's tests, as below before each test.
  @SuppressWarnings("NullAway.Init")
  private static LoopFileSystem fileSystem;

  @SuppressWarnings("NullAway.Init")
  private static Path home;

  private static final AtomicInteger RUN = new AtomicInteger();

  private final WatchedTree tree;
  private final Path root;
  private final Path outside;
  private final WatchedTree.Opened opened;
  private final MiniScanner scanner;

  @BeforeParameterizedClassInvocation
  static void mount(WatchedTree tree) throws IOException {
    fileSystem = LoopFileSystem.create(tree.kind, 64);
    home = tree.home(fileSystem);
  }

  @AfterParameterizedClassInvocation
  static void unmount() {
    fileSystem.close();
  }

  WatcherContractTest(WatchedTree tree) throws IOException {
    this.tree = tree;
    Path here = Files.createDirectory(home.resolve("run" + RUN.incrementAndGet()));
    root = Files.createDirectory(here.resolve("root"));
    outside = Files.createDirectory(here.resolve("outside"));
    Files.createDirectories(root.resolve("a/b/c"));
    Files.createDirectories(root.resolve("d"));
    write(root.resolve("a/one"), "one");
    write(root.resolve("a/b/two"), "two");
    write(root.resolve("d/three"), "three");
    Path work = Files.createDirectory(here.resolve("work"));
    opened = WatchedTree.Opened.open(root, work, tree.best, false);
    scanner = new MiniScanner(opened.watcher(), opened.root());
  }

  @AfterEach
  void close() {
    opened.close();
  }

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, text);
  }

  private void settleAndCompare() throws IOException {
    scanner.settle();
    assertThat(scanner.differences(true)).as("%s", scanner.marks).isEmpty();
  }

  /** For what no cookie can be put behind, such as a mount. */
  private void compareBefore(Duration limit) throws IOException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!scanner.differences(true).isEmpty() && System.nanoTime() < deadline) {
      scanner.step(Duration.ofMillis(50));
    }
    assertThat(scanner.differences(true)).as("%s", scanner.marks).isEmpty();
  }

  @Test
  void saysHowItWatches() {
    Coverage coverage = opened.watcher().coverage();
    assertThat(coverage.method()).isEqualTo(tree.expected.toString());
    assertThat(coverage.complete()).isEqualTo(tree.expected != WatchMethod.POLLING);
    assertThat(coverage.reason().isEmpty())
        .isEqualTo(coverage.complete() && tree.best == tree.expected);
  }

  @Test
  void seesFilesMadeWrittenAndRemoved() throws IOException {
    write(root.resolve("new"), "x");
    settleAndCompare();
    Files.writeString(root.resolve("a/b/two"), "more", StandardOpenOption.APPEND);
    settleAndCompare();
    Files.delete(root.resolve("a/one"));
    Files.delete(root.resolve("d/three"));
    Files.delete(root.resolve("d"));
    settleAndCompare();
  }

  @Test
  void seesMetadata() throws IOException {
    run("chmod", "600", root.resolve("a/one").toString());
    run("chown", "12:34", root.resolve("d").toString());
    run("chmod", "700", root.toString());
    run("touch", "-d", "1969-01-01", root.resolve("a/b").toString());
    run("setfattr", "-n", "trusted.x", "-v", "1", root.resolve("a/b/two").toString());
    settleAndCompare();
  }

  @Test
  void seesOtherKinds() throws IOException {
    run("mkfifo", root.resolve("fifo").toString());
    run("mknod", root.resolve("device").toString(), "c", "1", "3");
    Files.createSymbolicLink(root.resolve("d/link"), Path.of("/etc"));
    settleAndCompare();
    run("touch", "-h", "-d", "2039-01-01", root.resolve("d/link").toString());
    settleAndCompare();
  }

  @Test
  void seesRenamesWithin() throws IOException {
    Files.move(root.resolve("a/one"), root.resolve("d/uno"));
    Files.move(root.resolve("a/b"), root.resolve("d/b"));
    settleAndCompare();
    // The moved directory still goes by its id.
    write(root.resolve("d/b/c/deep"), "x");
    settleAndCompare();
    Files.move(root.resolve("d/b"), root.resolve("d/bb"));
    write(root.resolve("d/bb/two"), "changed");
    settleAndCompare();
  }

  @Test
  void tellsARenameWithBothNames() throws IOException {
    Mark.Moved expected =
        new Mark.Moved(scanner.id("a"), Name.of("one"), scanner.id("d"), Name.of("uno"));
    Files.move(root.resolve("a/one"), root.resolve("d/uno"));
    settleAndCompare();
    if (tree.expected != WatchMethod.POLLING) {
      assertThat(scanner.marks).contains(expected);
    }
  }

  @Test
  void seesRenamesInAndOut() throws IOException {
    Path tree2 = Files.createDirectories(outside.resolve("x/y"));
    write(tree2.resolve("file"), "f");
    Files.move(outside.resolve("x"), root.resolve("a/x"));
    settleAndCompare();
    write(root.resolve("a/x/y/file"), "g");
    settleAndCompare();
    Files.move(root.resolve("a"), outside.resolve("a"));
    settleAndCompare();
    write(outside.resolve("a/one"), "not ours any more");
    settleAndCompare();
    Files.move(outside.resolve("a"), root.resolve("a again"));
    settleAndCompare();
    write(root.resolve("a again/one"), "ours again");
    settleAndCompare();
  }

  @Test
  void seesExchangesAndRenamesOverOthers() throws IOException {
    try (DirFd a = opened.root().openDirectory(Name.of("a"));
        DirFd d = opened.root().openDirectory(Name.of("d"))) {
      a.renameExchange(Name.of("b"), d, Name.of("three"));
      settleAndCompare();
      d.renameExchange(Name.of("three"), a, Name.of("one"));
      settleAndCompare();
    }
    write(root.resolve("d/four"), "4");
    Files.move(root.resolve("d/four"), root.resolve("a/b"), StandardCopyOption.REPLACE_EXISTING);
    settleAndCompare();
  }

  @Test
  void seesHardLinks() throws IOException {
    Files.createLink(root.resolve("d/other"), root.resolve("a/one"));
    settleAndCompare();
    write(root.resolve("d/other"), "through the other name");
    settleAndCompare();
    Files.createLink(outside.resolve("third"), root.resolve("a/one"));
    write(root.resolve("a/one"), "again");
    settleAndCompare();
    Files.delete(root.resolve("a/one"));
    settleAndCompare();
    Files.createLink(root.resolve("from outside"), outside.resolve("third"));
    settleAndCompare();
  }

  @Test
  void missesNothingInDirectoriesMadeMeanwhile() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    Thread maker =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 0; i < 60; i++) {
                    run("mkdir", "-p", root + "/deep" + i % 7 + "/" + i + "/x/y/z");
                    makeFile(root.resolve("deep" + i % 7 + "/" + i + "/x/y/z/file"));
                    makeFile(root.resolve("deep" + i % 7 + "/" + i + "/x/file"));
                  }
                  done.set(true);
                });
    while (!done.get()) {
      scanner.step(Duration.ofMillis(5));
    }
    maker.join();
    settleAndCompare();
  }

  private static void makeFile(Path file) {
    try {
      write(file, file.toString());
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    }
  }

  @Test
  void namesAreAnyBytes() throws IOException {
    try (DirFd d = opened.root().openDirectory(Name.of("d"))) {
      for (int value = 1; value < 256; value++) {
        if (value != '/') {
          d.create(Name.of(new byte[] {'n', (byte) value})).close();
        }
      }
      Name longest = Name.of("\u00e9".repeat(127) + "x");
      d.mkdir(longest, 0755);
      settleAndCompare();
      try (DirFd inner = d.openDirectory(longest)) {
        inner.create(Name.of(new byte[] {(byte) 0xff, '\n'})).close();
      }
      settleAndCompare();
    }
  }

  @Test
  void randomChangesLeaveATruePicture() throws Exception {
    long seed = System.nanoTime();
    System.out.println("WatcherContractTest " + tree + " seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < 60; i++) {
        changeSomething(random);
        if (random.nextInt(10) == 0) {
          scanner.step(Duration.ZERO);
        }
      }
      scanner.settle();
      assertThat(scanner.differences(false)).as("%s", scanner.marks).isEmpty();
    }
  }

  private void changeSomething(Random random) throws IOException {
    List<Path> all = new ArrayList<>();
    try (var walk = Files.walk(root)) {
      walk.forEach(all::add);
    }
    Path any = all.get(random.nextInt(all.size()));
    Path parent = Files.isDirectory(any) ? any : any.resolveSibling(".").normalize();
    Path target = parent.resolve("r" + random.nextInt(12));
    boolean free = !Files.exists(target);
    switch (random.nextInt(6)) {
      case 0, 1 -> {
        if (free || Files.isRegularFile(target)) {
          Files.write(target, new byte[random.nextInt(100)]);
        }
      }
      case 2 -> {
        if (free && target.getNameCount() - root.getNameCount() < 8) {
          Files.createDirectory(target);
        }
      }
      case 3 -> {
        if (!target.startsWith(any)
            && !any.equals(root)
            && (free || (Files.isRegularFile(any) && Files.isRegularFile(target)))) {
          Files.move(any, target, StandardCopyOption.REPLACE_EXISTING);
        }
      }
      case 4 -> {
        if (Files.isRegularFile(any)) {
          Files.delete(any);
        } else if (random.nextInt(8) == 0 && !any.equals(root)) {
          run("rm", "-rf", any.toString());
        }
      }
      default -> {
        if (free && Files.isRegularFile(any)) {
          Files.createLink(target, any);
          // What is written through a name that comes and goes unseen is told under that name
          // alone.
          scanner.settle();
        }
      }
    }
  }

  @Test
  void seesWhatIsMountedAndUnmounted() throws IOException {
    Path nested = root.resolve("d");
    run("mount", "-t", "tmpfs", "tmpfs", nested.toString());
    Files.createDirectory(nested.resolve("sub"));
    write(nested.resolve("sub/inside"), "x");
    compareBefore(Duration.ofSeconds(15));
    write(nested.resolve("sub/inside"), "changed");
    write(nested.resolve("later"), "x");
    settleAndCompare();
    run("umount", nested.toString());
    compareBefore(Duration.ofSeconds(15));
    write(nested.resolve("three"), "below again");
    settleAndCompare();
  }

  @Test
  void seesAfterAFilesystemWasExchangedAtOnce() throws IOException {
    Path nested = root.resolve("d");
    run("mount", "-t", "tmpfs", "tmpfs", nested.toString());
    compareBefore(Duration.ofSeconds(15));
    run("umount", nested.toString());
    run("mount", "-t", "tmpfs", "tmpfs", nested.toString());
    write(nested.resolve("on the new one"), "x");
    compareBefore(Duration.ofSeconds(15));
    write(nested.resolve("on the new one"), "changed");
    settleAndCompare();
    run("umount", nested.toString());
  }

  @Test
  void seesInsideASubvolume() throws IOException {
    if (tree.kind != LoopFileSystem.Kind.BTRFS) {
      return;
    }
    Path sub = root.resolve("a/sub");
    run("btrfs", "subvolume", "create", sub.toString());
    settleAndCompare();
    Files.createDirectory(sub.resolve("dir"));
    write(sub.resolve("dir/file"), "x");
    settleAndCompare();
    write(sub.resolve("dir/file"), "y");
    settleAndCompare();
  }

  @Test
  void wakeEndsAWait() throws IOException {
    scanner.settle();
    Thread waker = Thread.ofPlatform().start(opened.watcher()::wake);
    long start = System.nanoTime();
    while (!scanner.step(Duration.ofSeconds(20)).isEmpty()) {
      // Turns of polled directories come in between.
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
    assertThat(waker).isNotNull();
  }

  @Test
  void forgottenDirectoriesAreNotTold() throws IOException {
    opened.watcher().forget(scanner.id("d"));
    scanner.settle();
    scanner.marks.clear();
    write(root.resolve("d/three"), "x");
    write(root.resolve("a/one"), "x");
    scanner.settle();
    assertThat(scanner.marks)
        .noneMatch(
            mark -> mark instanceof Mark.Entry entry && entry.name().equals(Name.of("three")))
        .doesNotContain(new Mark.Listing(scanner.id("d")));
    assertThat(scanner.picture().get(RelPath.of("a/one")))
        .isEqualTo(scanner.truth().get(RelPath.of("a/one")));
  }

  @Test
  void cookiesOfBeforeAreCleanedUp() throws IOException {
    Path leftOver = root.resolveSibling("work").resolve("cookie.1");
    Files.write(leftOver, "".getBytes(StandardCharsets.UTF_8));
    settleAndCompare();
    settleAndCompare();
  }
}

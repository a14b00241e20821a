package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.hotspare.admin.MirrorState;
import org.hotspare.linux.Immutable;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.linux.LoopFileSystem.Kind;
import org.hotspare.testing.Judge;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What one standby cannot take is that file's problem, shown in status for as long as it lasts, and
 * everything else goes on.
 */
final class BadInputTest {
  private static final String LONG_TARGET = "/t".repeat(1000);

  @TempDir Path base;

  /** A pair whose standby has its tree on a filesystem of its own. */
  private TestPair pairOn(LoopFileSystem standby) throws IOException {
    Path tree = base.resolve("alpha/tree");
    return TestPair.make(base, tree, standby.path().resolve("tree"), "", "").start();
  }

  @Test
  void aLinkThatIsLongerThanTheStandbysFileSystemTakes() throws Exception {
    try (LoopFileSystem tmpfs = LoopFileSystem.create(Kind.TMPFS, 64);
        LoopFileSystem xfs = LoopFileSystem.create(Kind.XFS, 320);
        TestPair pair =
            TestPair.make(base, tmpfs.path().resolve("tree"), xfs.path().resolve("tree"), "", "")
                .start()) {
      Path tree = pair.alpha().tree();
      Files.createSymbolicLink(tree.resolve("long"), Path.of(LONG_TARGET));
      Files.writeString(tree.resolve("other"), "goes on");
      assertThat(pair.tryBarrier(Duration.ofSeconds(5)).missing())
          .singleElement()
          .asString()
          .isEqualTo(
              "beta: has all but 1 entries, which cannot be made there (mirror www): long cannot be"
                  + " made on this standby: File name too long");
      assertThat(pair.beta().tree().resolve("other")).hasContent("goes on");
      TestPair.await("the problem", () -> pair.beta().shows("long", "File name too long"));
      TestPair.await("it on the primary", () -> pair.alpha().shows("long", "on beta"));
      assertThat(pair.beta().mirror().state()).isEqualTo(MirrorState.DEGRADED);

      pair.beta().stop();
      pair.beta().start();
      TestPair.await("it after a restart", () -> pair.beta().shows("long", "too long"));

      Files.delete(tree.resolve("long"));
      pair.assertSame();
      TestPair.await("no problem", () -> pair.alpha().mirror().state() == MirrorState.IN_SYNC);
    }
  }

  @Test
  void anAttributeThatIsLargerThanTheStandbysFileSystemTakes() throws Exception {
    try (LoopFileSystem xfs = LoopFileSystem.create(Kind.XFS, 320);
        LoopFileSystem ext4 = LoopFileSystem.create(Kind.EXT4, 64);
        TestPair pair =
            TestPair.make(base, xfs.path().resolve("tree"), ext4.path().resolve("tree"), "", "")
                .start()) {
      Path tree = pair.alpha().tree();
      Path file = Files.writeString(tree.resolve("file"), "content");
      LoopFileSystem.run("setfattr", "-n", "user.large", "-v", "x".repeat(20_000), file.toString());
      Files.writeString(tree.resolve("other"), "goes on");
      pair.barrier();
      assertThat(pair.beta().tree().resolve("other")).hasContent("goes on");
      assertThat(pair.beta().tree().resolve("file")).hasContent("content");
      TestPair.await("the problem", () -> pair.alpha().shows("file", "user.large"));

      LoopFileSystem.run("setfattr", "-x", "user.large", file.toString());
      pair.assertSame();
      TestPair.await("no problem", () -> pair.alpha().mirror().state() == MirrorState.IN_SYNC);
    }
  }

  @Test
  void aDirectoryThatNothingCanBeMadeInIsTriedAgain() throws Exception {
    try (LoopFileSystem ext4 = LoopFileSystem.create(Kind.EXT4, 64);
        TestPair pair = pairOn(ext4)) {
      Path tree = pair.alpha().tree();
      Files.createDirectories(tree.resolve("d"));
      Files.writeString(tree.resolve("d/old"), "old");
      pair.assertSame();
      Path copy = pair.beta().tree().resolve("d");
      try (var _ = new Immutable(copy)) {
        Files.createDirectories(tree.resolve("d/new/deep"));
        Files.writeString(tree.resolve("d/new/deep/file"), "in what cannot be made");
        Files.writeString(tree.resolve("d/file"), "new");
        Files.writeString(tree.resolve("other"), "goes on");
        pair.flow();
        assertThat(pair.beta().tree().resolve("other")).hasContent("goes on");
        TestPair.await("the problem", () -> pair.alpha().shows("d/new", "not permitted"));
      }
      Judge.assertSameTree(tree, pair.beta().tree(), TestPair.LIMIT);
      TestPair.await("no problem", () -> pair.alpha().mirror().state() == MirrorState.IN_SYNC);
    }
  }

  @Test
  void aDirectoryThatChangesWhileItCannotBeMade() throws Exception {
    try (LoopFileSystem ext4 = LoopFileSystem.create(Kind.EXT4, 64);
        TestPair pair = pairOn(ext4)) {
      Path tree = pair.alpha().tree();
      Files.createDirectories(tree.resolve("d"));
      pair.assertSame();
      try (var _ = new Immutable(pair.beta().tree().resolve("d"))) {
        Files.createDirectories(tree.resolve("d/new"));
        Files.writeString(tree.resolve("d/file"), "first");
        pair.flow();
        TestPair.await("the problem", () -> pair.alpha().shows("d/new", "not permitted"));
        for (int i = 0; i < 3; i++) {
          LoopFileSystem.run("chmod", "70" + i, tree.resolve("d/new").toString());
          LoopFileSystem.run("chmod", "60" + i, tree.resolve("d/file").toString());
          Files.writeString(tree.resolve("d/file"), "version " + i);
          Files.writeString(tree.resolve("d/new/file"), "version " + i);
          pair.flow();
        }
        assertThat(pair.alpha().shows("d/file", "not permitted")).isTrue();
        assertThat(pair.alpha().shows("d/new/file", "its directory")).isTrue();
      }
      Judge.assertSameTree(tree, pair.beta().tree(), TestPair.LIMIT);
      TestPair.await("no problem", () -> pair.alpha().mirror().state() == MirrorState.IN_SYNC);
    }
  }

  @Test
  void whatChangesWhileItsMoveIsRefused() throws Exception {
    try (LoopFileSystem ext4 = LoopFileSystem.create(Kind.EXT4, 64);
        TestPair pair = pairOn(ext4)) {
      Path tree = pair.alpha().tree();
      Files.createDirectories(tree.resolve("d"));
      for (String name : List.of("placed", "elsewhere")) {
        Path moved = Files.createDirectory(tree.resolve(name));
        Files.writeString(moved.resolve("inside"), "goes with it");
        Files.writeString(tree.resolve(name + ".file"), "content");
        Files.createSymbolicLink(tree.resolve(name + ".link"), Path.of("target"));
      }
      pair.assertSame();
      try (var _ = new Immutable(pair.beta().tree().resolve("d"))) {
        LoopFileSystem.run("sh", "-c", "cd %s && mv placed* elsewhere* d".formatted(tree));
        pair.flow();
        TestPair.await("the problem", () -> pair.alpha().shows("d/placed", "not permitted"));
        LoopFileSystem.run(
            "sh",
            "-ec",
            """
            cd %s/d
            chmod 705 placed elsewhere *.file
            chown -h 12:34 *
            setfattr -n user.color -v red placed elsewhere *.file
            touch -h -d @1000000000 *
            """
                .formatted(tree));
        pair.flow();
        // Those get names before they are asked for again.
        LoopFileSystem.run("sh", "-c", "cd %s && mv d/elsewhere* .".formatted(tree));
        pair.flow();
      }
      Judge.assertSameTree(tree, pair.beta().tree(), TestPair.LIMIT);
      TestPair.await("no problem", () -> pair.alpha().mirror().state() == MirrorState.IN_SYNC);
    }
  }

  @Test
  void whatCannotBeReplacedOrRemovedIsTriedAgain() throws Exception {
    try (LoopFileSystem ext4 = LoopFileSystem.create(Kind.EXT4, 64);
        TestPair pair = pairOn(ext4)) {
      Path tree = pair.alpha().tree();
      Files.createDirectories(tree.resolve("d"));
      Files.writeString(tree.resolve("d/replaced"), "old");
      Files.createLink(tree.resolve("link"), tree.resolve("d/replaced"));
      Files.writeString(tree.resolve("d/unlinked"), "stays under another name");
      Files.createLink(tree.resolve("other"), tree.resolve("d/unlinked"));
      Files.writeString(tree.resolve("d/deleted"), "goes");
      Files.writeString(tree.resolve("single"), "old");
      pair.assertSame();
      Path beta = pair.beta().tree();
      try (var _ = new Immutable(beta.resolve("d"));
          var _ = new Immutable(beta.resolve("single"))) {
        Files.writeString(tree.resolve("d/replaced"), "new");
        Files.delete(tree.resolve("d/unlinked"));
        Files.delete(tree.resolve("d/deleted"));
        Files.writeString(tree.resolve("single"), "new");
        pair.flow();
        for (String path : new String[] {"d/replaced", "d/unlinked", "d/deleted", "single"}) {
          TestPair.await(path, () -> pair.alpha().shows(path, "not permitted"));
        }
        assertThat(beta.resolve("single")).hasContent("old");
        pair.beta().stop();
        pair.beta().start();
        TestPair.await("it stays", () -> pair.alpha().shows("single", "not permitted"));
        pair.flow();
      }
      Judge.assertSameTree(tree, beta, TestPair.LIMIT);
      TestPair.await("no problem", () -> pair.alpha().mirror().state() == MirrorState.IN_SYNC);
    }
  }

  /** One file under two names on the primary, one of them in a directory nobody can change. */
  private interface Linked {
    void on(Path tree, Path copy) throws Exception;
  }

  private void linkedTo(Linked body, String... gone) throws Exception {
    try (LoopFileSystem ext4 = LoopFileSystem.create(Kind.EXT4, 64);
        TestPair pair = pairOn(ext4)) {
      Path tree = pair.alpha().tree();
      Files.createDirectories(tree.resolve("d"));
      Files.writeString(tree.resolve("b"), "old");
      pair.barrier();
      Files.createLink(tree.resolve("d/a"), tree.resolve("b"));
      pair.assertSame();
      try (var _ = new Immutable(pair.beta().tree().resolve("d"))) {
        body.on(tree, pair.beta().tree());
        pair.flow();
        TestPair.await("d/a", () -> pair.alpha().shows("d/a", "not permitted"));
        // It is asked for several times meanwhile, and not forgotten.
        assertThat(pair.tryBarrier(Duration.ofSeconds(5)).durable()).isFalse();
      }
      Judge.assertSameTree(tree, pair.beta().tree(), TestPair.LIMIT);
      assertThat(gone).allSatisfy(name -> assertThat(tree.resolve(name)).doesNotExist());
      pair.assertSame();
    }
  }

  @Test
  void aLinkThatCannotBeRemovedIsRemovedOnceItCan() throws Exception {
    linkedTo((tree, copy) -> Files.delete(tree.resolve("d/a")), "d/a");
  }

  @Test
  void aLinkThatCannotBeReplacedAndIsRemovedThenIsGone() throws Exception {
    linkedTo(
        (tree, copy) -> {
          Files.writeString(tree.resolve("b"), "new");
          TestPair.await("the other name", () -> hasContent(copy.resolve("b"), "new"));
          Files.delete(tree.resolve("d/a"));
        },
        "d/a");
  }

  @Test
  void aNameThatCouldNotBeRemovedMayBeAnothersThen() throws Exception {
    linkedTo(
        (tree, copy) -> {
          Files.delete(tree.resolve("d/a"));
          TestPair.await("the rest", () -> Files.exists(copy.resolve("b")));
          Files.writeString(tree.resolve("d/a"), "another");
          Files.move(tree.resolve("b"), tree.resolve("c"));
        });
  }

  private static boolean hasContent(Path file, String content) {
    try {
      return Files.readString(file).equals(content);
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void whatIsDeletedBeforeItCouldBeMadeIsNoProblem() throws Exception {
    try (LoopFileSystem ext4 = LoopFileSystem.create(Kind.EXT4, 64);
        TestPair pair = pairOn(ext4)) {
      Path tree = pair.alpha().tree();
      Files.createDirectories(tree.resolve("d"));
      pair.assertSame();
      try (var _ = new Immutable(pair.beta().tree().resolve("d"))) {
        Files.createDirectories(tree.resolve("d/new"));
        Files.writeString(tree.resolve("d/new/file"), "short-lived");
        pair.flow();
        TestPair.await("the problem", () -> pair.alpha().shows("d/new/file", "its directory"));
        LoopFileSystem.run("rm", "-r", tree.resolve("d/new").toString());
        TestPair.await("no problem", () -> !pair.alpha().shows("d/new/file", ""));
      }
      Judge.assertSameTree(tree, pair.beta().tree(), TestPair.LIMIT);
    }
  }

  @Test
  void whatWasPutOnTheStandbyAndCannotBeTakenAwayIsShown() throws Exception {
    try (LoopFileSystem ext4 = LoopFileSystem.create(Kind.EXT4, 64);
        TestPair pair = pairOn(ext4)) {
      Path tree = pair.alpha().tree();
      Files.createDirectories(tree.resolve("d"));
      pair.assertSame();
      pair.beta().stop();
      Path copy = pair.beta().tree().resolve("d");
      Files.writeString(copy.resolve("extra"), "the standby's own");
      try (var _ = new Immutable(copy)) {
        pair.beta().start();
        Files.writeString(tree.resolve("other"), "goes on");
        pair.flow();
        TestPair.await("shown", () -> pair.alpha().shows("d/extra", "cannot be mended"));
      }
      Judge.assertSameTree(tree, pair.beta().tree(), TestPair.LIMIT);
    }
  }
}

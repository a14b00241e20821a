package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.index.Durability;
import org.hotspare.index.IndexException;
import org.hotspare.index.Inode;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.linux.LoopFileSystem.Kind;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the tracker keeps in the index where looking, or writing the index, fails meanwhile. */
final class TrackerTest {
  private final Problems problems = new Problems();

  @TempDir Path base;
  private Path tree;

  @BeforeEach
  void make() throws IOException {
    tree = Files.createDirectory(base.resolve("tree"));
  }

  @AfterEach
  void unmount() {
    LoopFileSystem.run("sh", "-c", "umount -q -l " + tree + "/*; true");
  }

  private Followed followed(Path state) throws IOException {
    return new Followed(tree, state, problems);
  }

  private boolean isProblem(String path) {
    return problems.first(100).stream()
        .anyMatch(p -> p.path().equals(RelPath.of(path)) && p.reason().contains("denied"));
  }

  @Test
  void whatHadLostItsNameWhenTheLastProcessEndedIsGone() throws Exception {
    Files.writeString(tree.resolve("file"), "content");
    EntryId orphan;
    try (Followed first = followed(base.resolve("state")).start()) {
      first.settle();
      orphan = first.id("file");
    }
    try (Followed killed = followed(base.resolve("state"))) {
      Files.delete(tree.resolve("file"));
      killed.index.update(
          Durability.FAST, w -> w.removeName(EntryId.ROOT, Name.of("file"), w.nextPosition()));
    }
    try (Followed second = followed(base.resolve("state")).start()) {
      await(
          "the entry is gone",
          () -> {
            try (Snapshot snapshot = second.index.snapshot()) {
              return snapshot.inode(orphan).isEmpty();
            }
          });
    }
  }

  @Test
  void aNewLinkIsRecognizedAlsoWhereTheFileSystemHasAnotherDeviceNumberThanBefore()
      throws Exception {
    try (LoopFileSystem disk = LoopFileSystem.create(Kind.EXT4, 50)) {
      Path mounted = Files.createDirectory(disk.path().resolve("tree"));
      Path state = base.resolve("state");
      Files.createDirectories(mounted.resolve("deep/deeper"));
      Files.writeString(mounted.resolve("deep/deeper/file"), "content");
      EntryId file;
      EntryId deeper;
      try (Followed first = new Followed(mounted, state, problems).start()) {
        first.settle();
        file = first.id("deep/deeper/file");
        deeper = first.id("deep/deeper");
      }
      // Both are seen before the names that the index knows.
      Files.createLink(mounted.resolve("link"), mounted.resolve("deep/deeper/file"));
      Files.move(mounted.resolve("deep/deeper"), mounted.resolve("moved"));
      disk.remountAsAnotherDevice();
      try (Followed second = new Followed(mounted, state, problems).start()) {
        second.settle();
        assertThat(second.id("link")).isEqualTo(file);
        assertThat(second.id("moved/file")).isEqualTo(file);
        assertThat(second.id("moved")).isEqualTo(deeper);
      }
    }
  }

  @Test
  void whatMayNotBeLookedAtIsAProblemAndNotGone() throws Exception {
    Path home = Files.createDirectory(tree.resolve("home"));
    Files.writeString(home.resolve("file"), "content");
    Files.writeString(tree.resolve("before"), "1");
    try (Followed followed = followed(base.resolve("state")).start()) {
      followed.settle();
      EntryId file = followed.id("home/file");
      try (Forbidden _ = new Forbidden(home)) {
        // By an event in the directory that holds it, by one for its name, and by reading it all.
        Files.writeString(tree.resolve("other"), "2");
        Files.delete(tree.resolve("before"));
        followed.tracker.rescan("a test");
        assertThat(followed.settle()).containsExactly(RelPath.of("home"));
        assertThat(followed.tracker.failure()).isNull();
        assertThat(isProblem("home")).isTrue();
        assertThat(followed.at("home/file").map(Inode::id)).contains(file);
        assertThat(followed.at("other")).as("the rest of the directory").isPresent();
        assertThat(followed.at("before")).isEmpty();
        Files.createDirectory(tree.resolve("new"));
        try (Forbidden _ = new Forbidden(tree.resolve("new"))) {
          LoopFileSystem.run("sh", "-c", "cd " + tree + "; rm -f x; mv other z; ln z y");
          followed.tracker.rescan("a test");
          followed.settle();
          assertThat(isProblem("new")).isTrue();
        }
        assertThat(followed.tracker.failure()).isNull();
      }
      await("it is looked at again", () -> problems.count() == 0);
      Files.writeString(home.resolve("file"), "longer content");
      assertThat(followed.settle()).isEmpty();
      assertThat(followed.at("home/file").map(Inode::id)).contains(file);
      assertThat(followed.id("y")).isEqualTo(followed.id("z"));
      assertThat(followed.tracker.missing()).isNull();
    }
  }

  @Test
  void whatMayNotBeLookedAtIsStillUnseenWhenWhatIsAboveItMoved() throws Exception {
    Path above = Files.createDirectory(tree.resolve("above"));
    Path home = Files.createDirectory(above.resolve("home"));
    Files.writeString(home.resolve("file"), "content");
    try (Followed followed = followed(base.resolve("state")).start()) {
      followed.settle();
      EntryId file = followed.id("above/home/file");
      try (Forbidden _ = new Forbidden(home)) {
        Files.writeString(above.resolve("other"), "1");
        followed.tracker.rescan("a test");
        assertThat(followed.settle()).containsExactly(RelPath.of("above/home"));
        Path elsewhere = Files.createDirectories(tree.resolve("else/where")).resolve("moved");
        Files.move(above, elsewhere);
        assertThat(followed.settle()).containsExactly(RelPath.of("else/where/moved/home"));
        assertThat(isProblem("else/where/moved/home")).isTrue();
        assertThat(isProblem("above/home")).isFalse();
        Files.move(tree.resolve("else"), tree.resolve("other"));
        assertThat(followed.settle()).containsExactly(RelPath.of("other/where/moved/home"));
        Files.move(tree.resolve("other/where/moved"), above);
        assertThat(followed.settle()).containsExactly(RelPath.of("above/home"));
        assertThat(problems.count()).isEqualTo(1);
      }
      await("it is looked at again", () -> problems.count() == 0);
      assertThat(followed.settle()).isEmpty();
      assertThat(followed.at("above/home/file").map(Inode::id)).contains(file);
    }
  }

  @Test
  void whatIsBelowIsReadOnceItCanBe() throws Exception {
    Path home = Files.createDirectories(tree.resolve("home/deep/er"));
    Path state = base.resolve("state");
    try (Followed followed = followed(state).start()) {
      followed.settle();
    }
    Files.writeString(home.resolve("file"), "while nobody looked");
    try (Followed followed = followed(state)) {
      try (Forbidden _ = new Forbidden(tree.resolve("home"))) {
        followed.start();
        followed.settle();
        assertThat(isProblem("home")).isTrue();
        assertThat(followed.at("home/deep/er")).isPresent();
      }
      await("it is read", () -> followed.at("home/deep/er/file").isPresent());
      await("all is well", () -> problems.count() == 0);
    }
  }

  @Test
  void whatIsWrittenThroughANameThatIsGoneIsSeenAtTheOther() throws Exception {
    Path a = tree.resolve("a");
    Files.writeString(a, "content\n");
    String script =
        """
        import os, sys
        os.chdir(sys.argv[1])
        os.link('a', 'link')
        os.rename('link', 'tmp')
        file = os.open('tmp', os.O_WRONLY | os.O_APPEND)
        os.write(file, b'more\\n')
        os.close(file)
        os.unlink('tmp')
        if len(sys.argv) > 2:
            open('other', 'w').close()
            os.rename('other', 'tmp')
        """;
    try (Followed followed = followed(base.resolve("state")).start()) {
      for (int i = 0; i < 20; i++) {
        followed.settle();
        // Every other time the name stands for something else in the end, every third before.
        List<String> again = i % 2 == 0 ? List.of() : List.of("new");
        Files.deleteIfExists(tree.resolve("tmp"));
        if (i % 3 == 0) {
          Files.writeString(tree.resolve("tmp"), "before");
        }
        followed.settle();
        List<String> command = new ArrayList<>(List.of("python3", "-c", script, tree.toString()));
        command.addAll(again);
        LoopFileSystem.run(command.toArray(String[]::new));
        followed.settle();
        assertThat(followed.at("a").map(inode -> ((Entry.RegularFile) inode.entry()).size()))
            .contains(Files.size(a));
      }
    }
  }

  @Test
  void whatATransactionWithoutRoomWasAboutIsNotForgotten() throws Exception {
    Files.writeString(tree.resolve("file"), "content");
    for (int i = 0; i < 3000; i++) {
      Files.writeString(tree.resolve("f" + i), "");
    }
    try (LoopFileSystem small = LoopFileSystem.create(Kind.TMPFS, 24);
        Followed followed = followed(small.path().resolve("state"))) {
      Path filling = small.path().resolve("filling");
      fill(filling);
      followed.start();
      await("there is no room", () -> isFull(followed));
      assertThat(followed.tracker.isFirstScanDone()).isFalse();
      Files.delete(filling);
      await("the tree is read", followed.tracker::isFirstScanDone);
      followed.settle();

      Position version = followed.at("file").orElseThrow().version();
      EntryId id = followed.id("file");
      fill(filling);
      int[] mode = {0600};
      await("there is no room", () -> isFull(followed) || churn(mode[0]++ % 2 == 0));
      followed.tracker.contentDiffers(id);
      awaitFailureOtherThan(followed, followed.tracker.failure());
      awaitFailureOtherThan(followed, followed.tracker.failure());
      Files.delete(filling);
      await("it goes on", () -> followed.tracker.failure() == null);
      followed.settle();
      assertThat(followed.at("file").orElseThrow().version().isAfter(version)).isTrue();
    }
  }

  /** Changes more than there is room for, some time. */
  private boolean churn(boolean odd) {
    String mode = odd ? "600" : "640";
    LoopFileSystem.run("sh", "-c", "cd " + tree + "; chmod " + mode + " f[0-9]*");
    return false;
  }

  /** It tried again, with all that it was asked for until then. */
  @SuppressWarnings("ReferenceEquality") // Each attempt fails with an exception of its own.
  private static void awaitFailureOtherThan(Followed followed, @Nullable Throwable before)
      throws InterruptedException {
    await("it tries again", () -> isFull(followed) && followed.tracker.failure() != before);
  }

  private static void fill(Path filling) {
    LoopFileSystem.run("sh", "-c", "cat /dev/zero >" + filling + " 2>/dev/null; true");
  }

  private static boolean isFull(Followed followed) {
    return followed.tracker.failure() instanceof IndexException e
        && e.kind() == IndexException.Kind.FULL;
  }
}

package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.DirFd;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.tree.Timestamp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is looked at again when something could not be looked at. */
final class NumberingTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final List<EntryId> listed = new ArrayList<>();
  private final Numbering numbering =
      new Numbering(new Listed(), Excludes.of(List.of()), new Problems());

  @TempDir Path base;
  private Path tree;
  private Index index;

  /** Notes what is listed, since it is watched before; watches nothing. */
  private final class Listed extends NoWatcher {
    @Override
    public void watch(EntryId id, DirFd directory) {
      listed.add(id);
    }
  }

  @BeforeEach
  void make() throws IOException {
    tree = Files.createDirectory(base.resolve("tree"));
    index = Index.open(base.resolve("index.db"));
    index.update(Durability.FAST, w -> w.openEpoch(1));
  }

  @AfterEach
  void close() {
    index.close();
  }

  private interface Work {
    void in(IndexWriter index, Directories directories) throws IOException;
  }

  /** As the tracker does, until nothing is left to be listed. Answers the paths that were. */
  private List<String> work(Work first) {
    listed.clear();
    index.update(
        Durability.FAST,
        w -> {
          try (Directories directories = new Directories(DirFd.openRoot(tree))) {
            numbering.ensureRoot(w, directories);
            first.in(w, directories);
            listAll(w, directories);
            numbering.settle(w, directories);
            numbering.lookAtTouched(w, directories);
            numbering.settleRetries();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    try (Snapshot snapshot = index.snapshot()) {
      return listed.stream().map(id -> snapshot.path(id).orElseThrow().toString()).toList();
    }
  }

  private List<String> scan() {
    return work((_, _) -> numbering.compareFrom(EntryId.ROOT));
  }

  /** Once it is due. */
  private List<String> retry() throws InterruptedException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!numbering.isRetryDue()) {
      assertThat(System.nanoTime()).as("waiting for the next turn").isLessThan(deadline);
      Thread.sleep(10);
    }
    return work(numbering::retryFailed);
  }

  private void makeTree() throws IOException {
    Files.createDirectories(tree.resolve("home/deep"));
    Files.createDirectories(tree.resolve("many/more"));
    for (int i = 0; i < 10; i++) {
      Files.createDirectory(tree.resolve("many/" + i));
    }
  }

  @Test
  void aNameThatCannotBeLookedAtCostsOneLookAtATime() throws Exception {
    makeTree();
    assertThat(scan()).contains("home/deep", "many/more").hasSize(15);
    Path home = tree.resolve("home");
    try (Forbidden _ = new Forbidden(home)) {
      assertThat(scan()).contains("many/more").doesNotContain("home/deep").hasSize(13);
      assertThat(retry()).isEmpty();
      assertThat(retry()).isEmpty();
      assertThat(numbering.unseen().paths()).containsExactly(RelPath.of("home"));
    }
    assertThat(retry()).as("what the scan left out").containsExactly("home", "home/deep");
    assertThat(numbering.unseen().isNone()).isTrue();
    assertThat(numbering.isRetryDue()).isFalse();
  }

  @Test
  void whatAScanLeftOutIsListedWhoeverLooksAtItFirst() throws Exception {
    makeTree();
    scan();
    Path home = tree.resolve("home");
    for (boolean byEvent : List.of(true, false)) {
      try (Forbidden _ = new Forbidden(home)) {
        scan();
      }
      assertThat(
              work(
                  (w, directories) -> {
                    if (byEvent) {
                      numbering.look(w, directories, EntryId.ROOT, Name.of("home"), null, false);
                    } else {
                      numbering.list(EntryId.ROOT);
                    }
                  }))
          .contains("home/deep")
          .doesNotContain("many", "many/more");
      assertThat(numbering.unseen().isNone()).isTrue();
    }
  }

  @Test
  void aNewNameThatCouldNotBeLookedAtIsReadWithAllBelowIt() throws Exception {
    makeTree();
    Path home = tree.resolve("home");
    try (Forbidden _ = new Forbidden(home)) {
      assertThat(scan()).doesNotContain("home");
    }
    assertThat(retry()).containsExactly("home", "home/deep");
    assertThat(numbering.unseen().isNone()).isTrue();
  }

  @Test
  void theTimeOfADirectoryIsNotMissedBecauseOneAboveItMovesOn() throws Exception {
    makeTree();
    scan();
    EntryId deep = id("home/deep").orElseThrow();
    Files.createFile(tree.resolve("home/deep/file"));
    work(
        (w, directories) -> {
          numbering.look(w, directories, deep, Name.of("file"), null, false);
          Files.move(tree.resolve("home"), tree.resolve("house"));
          directories.forget();
        });
    work(
        (w, directories) -> {
          numbering.look(w, directories, EntryId.ROOT, Name.of("house"), null, false);
          directories.forget();
        });
    FileTime there = Files.getLastModifiedTime(tree.resolve("house/deep"));
    try (Snapshot snapshot = index.snapshot()) {
      Timestamp known = snapshot.inode(deep).orElseThrow().entry().metadata().modified();
      assertThat(Instant.ofEpochSecond(known.seconds(), known.nanos()))
          .isEqualTo(there.toInstant());
    }
  }

  @Test
  void aNameThatAScanMissedIsNotGoneWhileItsDirectoryIsAway() throws Exception {
    makeTree();
    Path file = Files.createFile(tree.resolve("home/file"));
    scan();
    EntryId before = id("home/file").orElseThrow();
    Path home = tree.resolve("home");
    Path aside = base.resolve("aside");
    Files.move(file, base.resolve("file"));
    work(
        (w, directories) -> {
          numbering.compareFrom(EntryId.ROOT);
          listAll(w, directories);
          Files.move(home, aside);
          Files.move(base.resolve("file"), aside.resolve("file"));
          directories.forget();
        });
    Files.move(aside, home);
    work(
        (w, directories) ->
            numbering.look(w, directories, EntryId.ROOT, Name.of("home"), null, false));
    assertThat(id("home/file")).contains(before);
  }

  /** While all is compared, which lasts until it settles. */
  @Test
  void whatHappenedInAComparedDirectoryThatMovesOnAndOnIsNotMissed() throws Exception {
    makeTree();
    scan();
    EntryId deep = id("home/deep").orElseThrow();
    work(
        (w, directories) -> {
          numbering.compareFrom(EntryId.ROOT);
          listAll(w, directories);
          Files.createFile(tree.resolve("home/deep/file"));
          move(directories, "home", "one");
          // The old name first, so that the directory has none when its new file is looked at.
          numbering.look(w, directories, EntryId.ROOT, Name.of("home"), null, false);
          numbering.look(w, directories, deep, Name.of("file"), null, false);
          numbering.look(w, directories, EntryId.ROOT, Name.of("one"), null, false);
          move(directories, "one", "two");
          listAll(w, directories);
          numbering.look(w, directories, EntryId.ROOT, Name.of("two"), null, false);
          directories.forget();
          listAll(w, directories);
        });
    assertThat(id("two/deep/file")).isPresent();
  }

  private void listAll(IndexWriter w, Directories directories) throws IOException {
    while (numbering.isListing()) {
      numbering.listNext(w, directories);
    }
  }

  private void move(Directories directories, String from, String to) throws IOException {
    Files.move(tree.resolve(from), tree.resolve(to));
    directories.forget();
  }

  private Optional<EntryId> id(String path) {
    try (Snapshot snapshot = index.snapshot()) {
      return snapshot.resolve(RelPath.of(path));
    }
  }
}

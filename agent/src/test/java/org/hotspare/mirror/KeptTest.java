package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Immutable;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.tree.Name;
import org.hotspare.watch.MirrorRoot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What was kept, and what of it cannot be removed when its time is over. */
final class KeptTest {
  private static final int FILES = 20;
  private static final Name FIRST = Name.of("1");

  private LoopFileSystem disk;
  private Path tree;
  private Path kept;
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger(Pruning.class);

  @BeforeEach
  void make() throws IOException {
    disk = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64);
    tree = Files.createDirectories(disk.path().resolve("tree"));
    Files.createDirectories(disk.path().resolve("state"));
    kept = Files.createDirectories(disk.path().resolve(".hotspare/www/kept"));
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void unmake() {
    logger.detachAppender(log);
    disk.close();
  }

  /** A directory with files, beside a directory with files. */
  private Path keepDirectory(Name name) throws IOException {
    Path made = kept.resolve(name.toString());
    for (String inside : new String[] {"a", "b", "c"}) {
      Path directory = Files.createDirectories(made.resolve(inside));
      for (int i = 0; i < FILES; i++) {
        Files.writeString(directory.resolve("file " + i), "kept");
      }
    }
    return made;
  }

  /** Something that an operator mounted in what was moved here, with the file that is in it. */
  private Path mountIn(Path directory) throws IOException {
    Path source = Files.createDirectories(disk.path().resolve("elsewhere"));
    Files.writeString(source.resolve("precious"), "still in use");
    // Of the same filesystem: its device number does not tell.
    LoopFileSystem.run("mount", "--bind", source.toString(), directory.toString());
    return directory.resolve("precious");
  }

  @Test
  void whatIsMountedStaysAndAllElseGoes() throws IOException {
    Path directory = keepDirectory(FIRST);
    Path precious = mountIn(directory.resolve("b"));
    try (DirFd from = DirFd.openRoot(kept)) {
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> Kept.removeAll(from, FIRST))
          .withMessageContaining("kept/1/b\": Device or resource busy");
      assertThat(precious).hasContent("still in use");
      assertThat(ModelStandby.list(directory)).containsExactly(directory.resolve("b"));

      LoopFileSystem.run("umount", directory.resolve("b").toString());
      Kept.removeAll(from, FIRST);
    }
    assertThat(directory).doesNotExist();
    assertThat(disk.path().resolve("elsewhere/precious")).hasContent("still in use");
  }

  @Test
  void pruningGoesOnWithoutWhatCannotBeRemoved() throws Exception {
    Path directory = keepDirectory(FIRST);
    Path other = keepDirectory(Name.of("2"));
    Path mountPoint = directory.resolve("b");
    Path precious = mountIn(mountPoint);
    Path immutable = Files.writeString(kept.resolve("0"), "immutable");
    MirrorRoot root = MirrorRoot.of("www", tree, disk.path().resolve("state"));
    try (Index index = Index.open(disk.path().resolve("standby.db"));
        Workplace work = Workplace.prepare(root)) {
      index.update(
          Durability.FAST,
          w -> {
            for (String name : List.of("0", "1", "2")) {
              Kept.adopt(w, KeptRecord.Reason.DELETED, Name.of(name), null);
            }
          });
      Pruning pruning = new Pruning("www");
      try (Immutable _ = new Immutable(immutable)) {
        prune(pruning, index, work);
        prune(pruning, index, work);
        assertThat(recorded(index)).containsExactly(Name.of("0"), FIRST);
        assertThat(ModelStandby.list(kept)).containsExactlyInAnyOrder(immutable, directory);
        assertThat(other).doesNotExist();
        assertThat(ModelStandby.list(directory)).containsExactly(mountPoint);
        assertThat(precious).hasContent("still in use");
        assertThat(log.list)
            .as("said once")
            .singleElement()
            .asString()
            .contains("mirror www: 2 of the entries")
            .contains("kept/0\": Operation not permitted");
      }
      prune(pruning, index, work);
      assertThat(recorded(index)).containsExactly(FIRST);
      LoopFileSystem.run("umount", mountPoint.toString());
      prune(pruning, index, work);
      assertThat(recorded(index)).isEmpty();
      assertThat(log.list).as("said once").hasSize(1);
    }
    assertThat(ModelStandby.list(kept)).isEmpty();
    assertThat(disk.path().resolve("elsewhere/precious")).hasContent("still in use");
  }

  /** As if all that is kept had been kept long enough. */
  private static void prune(Pruning pruning, Index index, Workplace work) {
    index.update(
        Durability.FAST,
        w -> {
          try {
            pruning.prune(w, work, System.currentTimeMillis() + 2, 1);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static List<Name> recorded(Index index) throws IOException {
    try (Snapshot snapshot = index.snapshot()) {
      return Kept.all(snapshot).stream()
          .map(stored -> Objects.requireNonNull(stored.record().file()))
          .toList();
    }
  }
}

package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.hotspare.testing.Zoo;
import org.hotspare.tree.Change;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.Timestamp;
import org.hotspare.watch.Excludes;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What was lost on a standby under every name that it has comes back under every one. */
final class LostNamesTest {
  private static final EntryId DIRECTORY = EntryId.of(1, 1);
  private static final EntryId PIPE = EntryId.of(1, 2);
  private static final Metadata METADATA =
      new Metadata(0755, 0, 0, new Timestamp(1000, 0), List.of());

  private final ExecutorService stagers = Executors.newFixedThreadPool(1);
  private Path base;

  @BeforeEach
  void make() throws IOException {
    base = Files.createTempDirectory(Path.of("/dev/shm"), "hotspare-lost");
  }

  @AfterEach
  void remove() {
    stagers.shutdown();
    Zoo.delete(base);
  }

  @Test
  void aPipeComesBackWhoseOtherNameIsInADirectoryThatWasLostAndComesLater() throws Exception {
    try (ModelStandby standby =
        new ModelStandby(base, stagers, 100, Long.MAX_VALUE, Excludes.of(List.of()))) {
      Position head = position(7);
      List<Change> directory =
          List.of(
              new Change.InodeSet(DIRECTORY, position(3), new Entry.Directory(METADATA)),
              new Change.NameSet(EntryId.ROOT, Name.of("directory"), DIRECTORY, position(4)));
      List<Change> pipe =
          List.of(
              new Change.InodeSet(
                  PIPE, position(5), new Entry.SpecialFile(METADATA, FileKind.FIFO, 0, 0)),
              new Change.NameSet(EntryId.ROOT, Name.of("pipe"), PIPE, position(6)),
              new Change.NameSet(DIRECTORY, Name.of("pipe"), PIPE, head));
      Change root = new Change.InodeSet(EntryId.ROOT, position(2), new Entry.Directory(METADATA));
      standby.take(Position.NONE, head, rows(List.of(root), directory, pipe), -1);
      var before = standby.describe();
      assertThat(before).containsOnlyKeys("", "directory", "directory/pipe", "pipe");

      Files.delete(standby.tree.resolve("directory/pipe"));
      Files.delete(standby.tree.resolve("directory"));
      Files.delete(standby.tree.resolve("pipe"));
      standby.recover();
      assertThat(standby.wanted).containsExactlyInAnyOrder(DIRECTORY, PIPE);
      standby.take(head, head, rows(pipe, directory), -1);

      assertThat(standby.hasAllUpTo(head)).isTrue();
      assertThat(standby.describe()).isEqualTo(before);
    }
  }

  private static Position position(long sequence) {
    return new Position(1, sequence);
  }

  @SafeVarargs
  private static List<Frame.Rows> rows(List<Change>... changes) {
    List<Row> all = new ArrayList<>();
    for (List<Change> each : changes) {
      each.forEach(change -> all.add(new Row(change, null)));
    }
    return List.of(new Frame.Rows(all, ByteBuffer.allocate(0)));
  }
}

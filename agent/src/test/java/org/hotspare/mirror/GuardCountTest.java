package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.NameRow;
import org.hotspare.index.Snapshot;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.Timestamp;
import org.hotspare.watch.MirrorRoot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each deletion within the window counts once, whatever becomes of the batch that it came in. */
final class GuardCountTest {
  private static final int ENTRIES = 20;
  private static final Position VERSION = new Position(1, 1);
  private static final Metadata METADATA = new Metadata(0777, 0, 0, new Timestamp(1, 0), List.of());

  @TempDir Path base;
  private Index index;
  private MirrorRoot root;
  private Guard guard;

  @BeforeEach
  void make() throws IOException {
    index = Index.open(base.resolve("index.db"));
    Path tree = Files.createDirectory(base.resolve("tree"));
    root = MirrorRoot.of("www", tree, Files.createDirectory(base.resolve("state")));
    guard = guard();
    index.update(
        Durability.FAST,
        w -> {
          w.put(new Inode(EntryId.ROOT, VERSION, VERSION, new Entry.Directory(METADATA), null));
          LongStream.rangeClosed(1, ENTRIES).forEach(number -> put(w, new EntryId(number + 1)));
        });
  }

  private static void put(IndexWriter w, EntryId id) {
    w.put(
        new Inode(
            id, VERSION, VERSION, new Entry.SymbolicLink(METADATA, Bytes.of("target")), null));
    w.putName(new NameRow(EntryId.ROOT, nameOf(id), id, VERSION));
  }

  private static Name nameOf(EntryId id) {
    return Name.of("link" + id.value());
  }

  @AfterEach
  void close() {
    index.close();
  }

  /** Up to ten deletions are nobody's question. */
  private static Guard guard() {
    return new Guard(new Guard.Allowed(10, 0.1, 60_000));
  }

  private static List<Change> deletions(int first, int count) {
    return LongStream.range(first, first + count)
        .mapToObj(number -> (Change) new Change.InodeGone(new EntryId(number + 2), VERSION))
        .toList();
  }

  /** Looks at the deletions and makes them. */
  private void delete(IndexWriter w, List<Change> batch) {
    try (Workplace work = Workplace.enter(root)) {
      guard.check(w, work, batch);
      for (Change change : batch) {
        EntryId id = ((Change.InodeGone) change).id();
        Name name = nameOf(id);
        Inode inode = w.inode(id).orElseThrow();
        work.staging().symlink(Bytes.of("target"), name);
        Kept.take(
            w,
            work,
            KeptRecord.Reason.DELETED,
            work.staging(),
            name,
            Origin.of(w, EntryId.ROOT, name),
            inode);
        w.removeName(EntryId.ROOT, name, VERSION);
        w.remove(id, VERSION);
      }
      guard.forgetInFlight(w);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void delete(int first, int count) {
    index.update(Durability.FAST, w -> delete(w, deletions(first, count)));
  }

  private boolean isHolding() {
    try (Snapshot snapshot = index.snapshot()) {
      return Holding.isOn(snapshot);
    }
  }

  @Test
  void aBatchThatIsLostAndComesAgainCountsOnce() {
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(
              () ->
                  index.update(
                      Durability.FAST,
                      w -> {
                        delete(w, deletions(0, 4));
                        throw new IllegalStateException("lost");
                      }))
          .hasMessageContaining("lost");
    }
    delete(0, 4);
    assertThat(isHolding()).isFalse();
    delete(4, 6);
    assertThat(isHolding()).isFalse();
    delete(10, 1);
    assertThat(isHolding()).isTrue();
  }

  @Test
  void whatWasDeletedBeforeARestartCounts() {
    delete(0, 4);
    guard = guard();
    delete(4, 6);
    assertThat(isHolding()).isFalse();
    guard = guard();
    delete(10, 1);
    assertThat(isHolding()).isTrue();
  }

  @Test
  void whatWasApprovedBeforeARestartCountsNoMore() {
    guard.approve(60_000);
    delete(0, 12);
    guard = guard();
    delete(12, 6);
    assertThat(isHolding()).isFalse();
  }
}

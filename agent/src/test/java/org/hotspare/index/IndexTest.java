package org.hotspare.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.hotspare.tree.Timestamp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link IndexReader} and {@link IndexWriter} promise, method by method. */
class IndexTest {
  private static final Metadata PLAIN =
      new Metadata(0644, 1000, 1000, new Timestamp(1_700_000_000, 123_456_789), List.of());
  private static final Digest DIGEST = new Digest(Bytes.wrap(new byte[32]));

  @TempDir private Path directory;
  private Index index;

  @BeforeEach
  void open() {
    index = Index.open(directory.resolve("index.db"));
    index.update(Durability.FAST, writer -> writer.openEpoch(1));
  }

  @AfterEach
  void close() {
    index.close();
  }

  private static Entry.RegularFile file(long size) {
    return new Entry.RegularFile(PLAIN, size, DIGEST, 0);
  }

  /** A new inode under a new name; the root where there is none. */
  private static EntryId create(IndexWriter writer, EntryId parent, String name, Entry entry) {
    if (writer.inode(EntryId.ROOT).isEmpty()) {
      Position born = writer.nextPosition();
      writer.put(new Inode(EntryId.ROOT, born, born, new Entry.Directory(PLAIN), null));
    }
    EntryId id = writer.nextId();
    Position born = writer.nextPosition();
    writer.put(new Inode(id, born, born, entry, null));
    writer.putName(new NameRow(parent, Name.of(name), id, writer.nextPosition()));
    return id;
  }

  private static List<Change> changes(IndexReader reader, Position after, Position upTo) {
    List<Change> changes = new ArrayList<>();
    reader.changes(after, upTo, changes::add);
    assertThat(reader.countChanges(after, upTo)).isEqualTo(changes.size());
    return changes;
  }

  private static void assertEmpty(IndexReader reader) {
    assertThat(reader.counts()).isEqualTo(new Counts(0, 0));
    assertThat(reader.inode(EntryId.ROOT)).isEmpty();
    assertThat(reader.children(EntryId.ROOT)).isEmpty();
    assertThat(reader.path(EntryId.ROOT)).contains(RelPath.ROOT);
    assertThat(reader.resolve(RelPath.ROOT)).contains(EntryId.ROOT);
  }

  @Test
  void aNewIndexIsEmpty() {
    assertThat(index.isNew()).isTrue();
    assertThat(index.wasCleanlyClosed()).isTrue();
    try (Snapshot snapshot = index.snapshot()) {
      assertEmpty(snapshot);
      assertThat(snapshot.head()).isEqualTo(new Position(1, 0));
      assertThat(snapshot.forgotten()).isEqualTo(Position.NONE);
    }
  }

  @Test
  void everyKindOfEntryComesBackAsItWasPut() {
    Metadata odd =
        new Metadata(
            07777,
            -1,
            Integer.MAX_VALUE,
            new Timestamp(-5_000_000_000L, 999_999_999),
            List.of(
                new Attribute(Bytes.of("user.empty"), Bytes.EMPTY),
                new Attribute(Bytes.of("user.large"), Bytes.wrap(new byte[65536])),
                new Attribute(Bytes.wrap(new byte[] {1, (byte) 0xff}), Bytes.of("x"))));
    List<Entry> entries =
        List.of(
            new Entry.RegularFile(odd, Long.MAX_VALUE, DIGEST, -7),
            new Entry.RegularFile(PLAIN, 0, null, 0),
            new Entry.Directory(odd),
            new Entry.SymbolicLink(odd, Bytes.of("t".repeat(4095))),
            new Entry.SpecialFile(odd, FileKind.FIFO, 0, 0),
            new Entry.SpecialFile(PLAIN, FileKind.SOCKET, 0, 0),
            new Entry.SpecialFile(PLAIN, FileKind.BLOCK_DEVICE, 8, 1),
            new Entry.SpecialFile(PLAIN, FileKind.CHARACTER_DEVICE, -1, Integer.MAX_VALUE));
    List<Local> places = new ArrayList<>();
    places.add(null);
    places.add(new Local(-1, -2, Timestamp.EPOCH, new Timestamp(-1, 5), true, null));
    places.add(new Local(1, 2, new Timestamp(3, 4), Timestamp.EPOCH, false, Bytes.of("handle")));
    places.add(new Local(1, 2, new Timestamp(3, 4), Timestamp.EPOCH, false, Bytes.EMPTY));
    for (Entry entry : entries) {
      for (Local local : places) {
        Inode inode =
            index.write(
                Durability.FAST,
                writer -> {
                  Position position = writer.nextPosition();
                  Inode row = new Inode(writer.nextId(), position, position, entry, local);
                  writer.put(row);
                  return row;
                });
        try (Snapshot snapshot = index.snapshot()) {
          assertThat(snapshot.inode(inode.id())).contains(inode);
        }
      }
    }
  }

  @Test
  void positionsAndIdsContinueAfterOpeningAgain() {
    index.write(Durability.FAST, writer -> create(writer, EntryId.ROOT, "a", file(1)));
    Position head;
    try (Snapshot snapshot = index.snapshot()) {
      head = snapshot.head();
    }
    index.close();
    index = Index.open(directory.resolve("index.db"));
    assertThat(index.isNew()).isFalse();
    assertThat(index.wasCleanlyClosed()).isTrue();
    index.update(
        Durability.FAST,
        writer -> {
          assertThat(writer.head()).isEqualTo(head);
          assertThat(writer.nextPosition()).isEqualTo(new Position(1, head.sequence() + 1));
          assertThat(writer.nextId()).isEqualTo(EntryId.of(1, 2));
          writer.openEpoch(2);
          assertThat(writer.lineage().ends())
              .containsExactly(new Position(1, head.sequence() + 1), new Position(2, 0));
          assertThat(writer.nextPosition()).isEqualTo(new Position(2, 1));
          assertThat(writer.nextId()).isEqualTo(EntryId.of(2, 1));
          assertThatIllegalArgumentException().isThrownBy(() -> writer.openEpoch(2));
        });
  }

  @Test
  void aStandbyTakesItsLineageAndGivesNoPositions() {
    Lineage lineage = new Lineage(List.of(new Position(1, 7), new Position(4, 9)));
    index.update(Durability.FAST, writer -> writer.setLineage(lineage));
    index.update(
        Durability.FAST,
        writer -> {
          assertThat(writer.lineage()).isEqualTo(lineage);
          assertThat(writer.head()).isEqualTo(new Position(4, 9));
          assertThatIllegalStateException().isThrownBy(writer::nextPosition);
          assertThatIllegalStateException().isThrownBy(writer::nextId);
          assertThatIllegalArgumentException().isThrownBy(() -> writer.openEpoch(4));
          writer.setLineage(Lineage.EMPTY);
          assertThat(writer.lineage()).isEqualTo(Lineage.EMPTY);
          assertThat(writer.head()).isEqualTo(Position.NONE);
        });
  }

  @Test
  void namesLeadToInodesAndBack() {
    index.update(
        Durability.FAST,
        writer -> {
          EntryId a = create(writer, EntryId.ROOT, "a", new Entry.Directory(PLAIN));
          EntryId b = create(writer, a, "b", new Entry.Directory(PLAIN));
          EntryId c = create(writer, b, "c", file(10));
          writer.putName(new NameRow(EntryId.ROOT, Name.of("link"), c, writer.nextPosition()));
          assertThat(writer.path(b)).contains(RelPath.of("a/b"));
          assertThat(writer.resolve(RelPath.of("a/b/c"))).contains(c);
          assertThat(writer.resolve(RelPath.of("a/b/d"))).isEmpty();
          assertThat(writer.namesOf(c)).extracting(NameRow::parent).contains(b, EntryId.ROOT);
          assertThat(writer.name(b, Name.of("c"))).map(NameRow::id).contains(c);
          assertThat(writer.name(b, Name.of("C"))).isEmpty();
          assertThat(writer.hasChildren(b)).isTrue();
          assertThat(writer.hasChildren(c)).isFalse();
          // Without its directory's name, the file is still found through its other one.
          writer.removeName(EntryId.ROOT, Name.of("a"), writer.nextPosition());
          assertThat(writer.path(b)).isEmpty();
          assertThat(writer.path(c)).contains(RelPath.of("link"));
        });
  }

  @Test
  void aCycleOfDirectoriesHasNoPath() {
    index.update(
        Durability.FAST,
        writer -> {
          EntryId a = create(writer, EntryId.ROOT, "a", new Entry.Directory(PLAIN));
          EntryId b = create(writer, a, "b", new Entry.Directory(PLAIN));
          writer.removeName(EntryId.ROOT, Name.of("a"), writer.nextPosition());
          writer.putName(new NameRow(b, Name.of("a"), a, writer.nextPosition()));
          assertThat(writer.path(a)).isEmpty();
        });
  }

  @Test
  void childrenComeInTheOrderOfTheirBytes() {
    index.update(
        Durability.FAST,
        writer -> {
          byte[] high = {(byte) 0xff};
          EntryId first = create(writer, EntryId.ROOT, "b", file(1));
          create(writer, EntryId.ROOT, "a", file(2));
          create(writer, EntryId.ROOT, "Z", file(3));
          writer.putName(new NameRow(EntryId.ROOT, Name.of(high), first, writer.nextPosition()));
          List<Child> children = writer.children(EntryId.ROOT);
          assertThat(children)
              .extracting(Child::name)
              .containsExactly(Name.of("Z"), Name.of("a"), Name.of("b"), Name.of(high));
          assertThat(children.get(3).inode().id()).isEqualTo(first);
          assertThat(children.get(3).nameVersion()).isEqualTo(writer.head());
        });
  }

  @Test
  void changesComeInOrderWithTombstonesAndWithoutWhatWasReplaced() {
    index.update(
        Durability.FAST,
        writer -> {
          EntryId a = create(writer, EntryId.ROOT, "a", file(1));
          EntryId b = create(writer, EntryId.ROOT, "b", file(2));
          Position before = writer.head();
          Position put = writer.nextPosition();
          writer.put(new Inode(b, put, put, file(3), null));
          Position gone = writer.nextPosition();
          writer.removeName(EntryId.ROOT, Name.of("a"), gone);
          Position removed = writer.nextPosition();
          writer.remove(a, removed);
          assertThat(changes(writer, before, writer.head()))
              .containsExactly(
                  new Change.InodeSet(b, put, file(3)),
                  new Change.NameGone(EntryId.ROOT, Name.of("a"), gone),
                  new Change.InodeGone(a, removed));
          assertThat(changes(writer, put, gone)).hasSize(1);
          assertThat(changes(writer, Position.NONE, before))
              .hasSize(2)
              .first()
              .isInstanceOf(Change.InodeSet.class);
          assertThat(writer.inode(a)).isEmpty();
          assertThat(writer.name(EntryId.ROOT, Name.of("a"))).isEmpty();
        });
  }

  @Test
  void aRowThatComesBackReplacesItsTombstone() {
    index.update(
        Durability.FAST,
        writer -> {
          EntryId a = create(writer, EntryId.ROOT, "a", file(1));
          Position before = writer.head();
          writer.removeName(EntryId.ROOT, Name.of("a"), writer.nextPosition());
          writer.remove(a, writer.nextPosition());
          Position back = writer.nextPosition();
          writer.put(new Inode(a, back, back, file(1), null));
          writer.putName(new NameRow(EntryId.ROOT, Name.of("a"), a, writer.nextPosition()));
          assertThat(changes(writer, before, writer.head()))
              .extracting(change -> change.getClass().getSimpleName())
              .containsExactly("InodeSet", "NameSet");
        });
  }

  @Test
  void forgottenTombstonesAreGoneAndThatIsRemembered() {
    Position upTo =
        index.write(
            Durability.FAST,
            writer -> {
              EntryId a = create(writer, EntryId.ROOT, "a", file(1));
              EntryId b = create(writer, EntryId.ROOT, "b", file(1));
              writer.removeName(EntryId.ROOT, Name.of("a"), writer.nextPosition());
              writer.remove(a, writer.nextPosition());
              Position end = writer.head();
              writer.removeName(EntryId.ROOT, Name.of("b"), writer.nextPosition());
              writer.remove(b, writer.nextPosition());
              writer.forgetTombstones(end);
              writer.forgetTombstones(Position.NONE);
              return end;
            });
    try (Snapshot snapshot = index.snapshot()) {
      assertThat(snapshot.forgotten()).isEqualTo(upTo);
      assertThat(changes(snapshot, Position.NONE, upTo)).hasSize(1);
      assertThat(changes(snapshot, upTo, snapshot.head())).hasSize(2);
    }
  }

  @Test
  void countsFollowEveryChange() {
    index.update(
        Durability.FAST,
        writer -> {
          EntryId a = create(writer, EntryId.ROOT, "a", file(100));
          assertThat(writer.counts()).isEqualTo(new Counts(2, 100));
          Inode before = writer.inode(a).orElseThrow();
          writer.putContent(a, 250, DIGEST, 9);
          assertThat(writer.counts()).isEqualTo(new Counts(2, 250));
          Inode read = writer.inode(a).orElseThrow();
          assertThat(read.version()).isEqualTo(before.version());
          assertThat(read.entry()).isEqualTo(new Entry.RegularFile(PLAIN, 250, DIGEST, 9));
          writer.put(new Inode(a, writer.nextPosition(), before.born(), file(30), null));
          assertThat(writer.counts()).isEqualTo(new Counts(2, 30));
          writer.put(
              new Inode(a, writer.nextPosition(), before.born(), new Entry.Directory(PLAIN), null));
          assertThat(writer.counts()).isEqualTo(new Counts(2, 0));
          writer.putContent(a, 250, DIGEST, 9);
          writer.putContent(EntryId.of(1, 99), 250, DIGEST, 9);
          assertThat(writer.counts()).isEqualTo(new Counts(2, 0));
          writer.remove(a, writer.nextPosition());
          writer.remove(a, writer.nextPosition());
          assertThat(writer.counts()).isEqualTo(new Counts(1, 0));
        });
    try (Snapshot snapshot = index.snapshot()) {
      assertThat(snapshot.counts()).isEqualTo(new Counts(1, 0));
    }
  }

  @Test
  void theYoungestOfTwoRowsAtOnePlaceIsFound() {
    Local place = new Local(7, 8, Timestamp.EPOCH, Timestamp.EPOCH, true, null);
    index.update(
        Durability.FAST,
        writer -> {
          EntryId a = create(writer, EntryId.ROOT, "a", file(1));
          EntryId b = create(writer, EntryId.ROOT, "b", file(1));
          Position version = writer.inode(b).orElseThrow().version();
          writer.putLocal(b, place);
          writer.putLocal(a, place);
          assertThat(writer.inodeAt(7, 8)).map(Inode::id).contains(b);
          assertThat(writer.inodeAt(8, 7)).isEmpty();
          assertThat(writer.inode(b).orElseThrow().version()).isEqualTo(version);
          assertThat(writer.inode(b).orElseThrow().local()).isEqualTo(place);
          writer.putLocal(b, null);
          assertThat(writer.inodeAt(7, 8)).map(Inode::id).contains(a);
          writer.remove(a, writer.nextPosition());
          assertThat(writer.inodeAt(7, 8)).isEmpty();
        });
  }

  @Test
  void inodesStreamInTheOrderOfIdsWhileTheReaderIsUsed() {
    index.update(
        Durability.FAST,
        writer -> {
          for (int i = 0; i < 50; i++) {
            create(writer, EntryId.ROOT, "f" + i, file(i));
          }
        });
    try (Snapshot snapshot = index.snapshot()) {
      List<EntryId> ids = new ArrayList<>();
      snapshot.inodes(
          inode -> {
            ids.add(inode.id());
            assertThat(snapshot.path(inode.id())).isPresent();
            snapshot.changes(
                Position.NONE,
                snapshot.head(),
                change -> assertThat(snapshot.children(EntryId.ROOT)).hasSize(50));
          });
      assertThat(ids).hasSize(51).isSorted();
    }
  }

  @Test
  void signaturesGoWithTheirInode() {
    index.update(
        Durability.FAST,
        writer -> {
          EntryId a = create(writer, EntryId.ROOT, "a", file(1));
          writer.putSignature(a, Bytes.of("one"));
          writer.putSignature(a, Bytes.of("two"));
          assertThat(writer.signature(a)).contains(Bytes.of("two"));
          writer.putSignature(a, null);
          assertThat(writer.signature(a)).isEmpty();
          writer.putSignature(a, Bytes.EMPTY);
          assertThat(writer.signature(a)).contains(Bytes.EMPTY);
          writer.remove(a, writer.nextPosition());
          assertThat(writer.signature(a)).isEmpty();
        });
  }

  @Test
  void factsAndNotesOutliveTheRows() {
    index.update(
        Durability.FAST,
        writer -> {
          create(writer, EntryId.ROOT, "a", file(1));
          writer.putFact("history", Bytes.of("h"));
          writer.putFact("gone", Bytes.EMPTY);
          writer.putFact("gone", null);
          writer.putNote("held", Bytes.of("b"), Bytes.of("2"));
          writer.putNote("held", Bytes.of("a"), Bytes.of("0"));
          writer.putNote("held", Bytes.of("a"), Bytes.of("1"));
          writer.putNote("limbo", Bytes.of("a"), Bytes.EMPTY);
          writer.putNote("limbo", Bytes.of("c"), Bytes.EMPTY);
          writer.putNote("limbo", Bytes.of("c"), null);
          Position head = writer.head();
          writer.clearRows();
          assertEmpty(writer);
          assertThat(writer.head()).isEqualTo(head);
          assertThat(writer.countChanges(Position.NONE, head)).isZero();
        });
    try (Snapshot snapshot = index.snapshot()) {
      assertThat(snapshot.fact("history")).contains(Bytes.of("h"));
      assertThat(snapshot.fact("gone")).isEmpty();
      assertThat(snapshot.notes("held"))
          .containsExactly(
              new IndexReader.Note(Bytes.of("a"), Bytes.of("1")),
              new IndexReader.Note(Bytes.of("b"), Bytes.of("2")));
      assertThat(snapshot.note("limbo", Bytes.of("a"))).isPresent();
      assertThat(snapshot.note("limbo", Bytes.of("c"))).isEmpty();
      assertThat(snapshot.notes("nothing")).isEmpty();
    }
  }

  @Test
  void aFailedTransactionChangesNothing() {
    index.write(Durability.FAST, writer -> create(writer, EntryId.ROOT, "a", file(1)));
    Position head = index.write(Durability.FAST, IndexReader::head);
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(
            () ->
                index.update(
                    Durability.DURABLE,
                    writer -> {
                      create(writer, EntryId.ROOT, "b", file(5));
                      throw new ArithmeticException("on purpose");
                    }));
    index.update(
        Durability.FAST,
        writer -> {
          assertThat(writer.head()).isEqualTo(head);
          assertThat(writer.counts()).isEqualTo(new Counts(2, 1));
          assertThat(writer.children(EntryId.ROOT)).hasSize(1);
          assertThat(writer.nextId()).isEqualTo(EntryId.of(1, 2));
        });
  }

  @Test
  void snapshotsStayAsTheyWereTaken() {
    List<Snapshot> snapshots = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      snapshots.add(index.snapshot());
      String name = "f" + i;
      index.write(Durability.FAST, writer -> create(writer, EntryId.ROOT, name, file(1)));
    }
    for (int i = 0; i < 10; i++) {
      try (Snapshot snapshot = snapshots.get(i)) {
        assertThat(snapshot.children(EntryId.ROOT)).hasSize(i);
        assertThat(snapshot.counts().entries()).isEqualTo(i == 0 ? 0 : i + 1);
        changes(snapshot, Position.NONE, snapshot.head());
      }
    }
    Snapshot closed = snapshots.getFirst();
    closed.close();
    assertThatIllegalStateException().isThrownBy(() -> closed.resolve(RelPath.of("f0")));
    assertThatIllegalStateException().isThrownBy(closed::head);
  }

  @Test
  void anUnboundedNumberOfSnapshotsIsRefused() {
    List<Snapshot> snapshots = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      snapshots.add(index.snapshot());
    }
    assertThatExceptionOfType(IndexException.class).isThrownBy(index::snapshot);
    snapshots.forEach(Snapshot::close);
    index.snapshot().close();
  }

  @Test
  void aTransactionBelongsToOneThreadAndEnds() throws InterruptedException {
    List<IndexWriter> leaked = new ArrayList<>();
    List<Throwable> thrown = new ArrayList<>();
    index.update(
        Durability.FAST,
        writer -> {
          leaked.add(writer);
          assertThatIllegalStateException()
              .isThrownBy(() -> index.update(Durability.FAST, inner -> {}));
          Thread other =
              Thread.ofPlatform()
                  .uncaughtExceptionHandler((thread, e) -> thrown.add(e))
                  .start(writer::nextId);
          try {
            other.join();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
    assertThat(thrown).hasSize(1).first().isInstanceOf(IllegalStateException.class);
    assertThatIllegalStateException().isThrownBy(() -> leaked.getFirst().nextId());
  }

  @Test
  void aSecondOwnerIsRefused() {
    assertThatExceptionOfType(IndexException.class)
        .isThrownBy(() -> Index.open(directory.resolve("index.db")))
        .withMessageContaining("in use by this process");
    // And the attempt has not cost the first owner its lock.
    index.update(Durability.DURABLE, writer -> writer.nextPosition());
  }

  @Test
  void aClosedIndexTakesNothing() {
    Snapshot open = index.snapshot();
    index.close();
    index.close();
    assertThatIllegalStateException().isThrownBy(() -> index.update(Durability.FAST, writer -> {}));
    assertThatIllegalStateException().isThrownBy(index::snapshot);
    assertThatExceptionOfType(IndexException.class).isThrownBy(() -> open.inode(EntryId.ROOT));
    open.close();
    assertThat(directory.resolve("index.db-wal")).doesNotExist();
    assertThat(Optional.of(index.wasCleanlyClosed())).contains(true);
  }
}

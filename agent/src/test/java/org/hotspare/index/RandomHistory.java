package org.hotspare.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
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
import org.jspecify.annotations.Nullable;

/**
 * Transactions of random changes, each given by its number and the seed alone: so whoever finds out
 * how many were committed knows all that must be there. The index itself keeps the number of the
 * last.
 */
final class RandomHistory {
  private static final String STEP = "step";
  private static final int IDS = 150;
  private static final int MAX_ENTRIES = 500;
  private static final int NAMES = 12;
  private static final int DIRECTORIES = 20;

  private final long seed;

  RandomHistory(long seed) {
    this.seed = seed;
  }

  /** The number of the last transaction in an index, 0 if there was none. */
  static long last(IndexReader reader) {
    return reader.fact(STEP).map(value -> Long.parseLong(value.toString())).orElse(0L);
  }

  /** The model after so many transactions. */
  ModelIndex after(long steps) {
    ModelIndex model = new ModelIndex();
    for (long step = 1; step <= steps; step++) {
      apply(model, step);
    }
    return model;
  }

  /** The transaction of this number, counted from 1. */
  void apply(IndexWriter writer, long step) {
    SplittableRandom random = new SplittableRandom(seed * 1_000_003 + step);
    if (step == 1) {
      writer.openEpoch(1);
      Position born = writer.nextPosition();
      writer.put(new Inode(EntryId.ROOT, born, born, new Entry.Directory(metadata(random)), null));
    }
    int changes = random.nextInt(1, 9);
    for (int i = 0; i < changes; i++) {
      change(writer, random);
    }
    writer.putFact(STEP, Bytes.of(Long.toString(step)));
  }

  private static void change(IndexWriter writer, SplittableRandom random) {
    EntryId id = anyId(writer, random);
    EntryId directory = anyDirectory(random);
    Name name = Name.of("name " + random.nextInt(NAMES));
    switch (random.nextInt(20)) {
      case 0, 1, 2, 3 -> {
        if (writer.counts().entries() > MAX_ENTRIES) {
          return;
        }
        EntryId fresh = writer.nextId();
        Position born = writer.nextPosition();
        writer.put(new Inode(fresh, born, born, entry(random), local(random)));
        writer.putName(new NameRow(directory, name, fresh, writer.nextPosition()));
      }
      case 4, 5, 6 -> {
        Position version = writer.nextPosition();
        Position born = writer.inode(id).map(Inode::born).orElse(version);
        writer.put(new Inode(id, version, born, entry(random), local(random)));
      }
      case 7, 8 -> writer.putLocal(id, local(random));
      case 9, 10 -> writer.putContent(id, random.nextLong(1L << 40), digest(random), 3);
      case 11, 12 -> writer.remove(id, writer.nextPosition());
      case 13, 14 -> writer.putName(new NameRow(directory, name, id, writer.nextPosition()));
      case 15, 16 -> writer.removeName(directory, name, writer.nextPosition());
      case 17 -> writer.putSignature(id, random.nextBoolean() ? bytes(random, 3000) : null);
      case 18 ->
          writer.putNote(
              "table " + random.nextInt(3),
              bytes(random, 2),
              random.nextBoolean() ? bytes(random, 40) : null);
      default -> rareChange(writer, random);
    }
  }

  private static void rareChange(IndexWriter writer, SplittableRandom random) {
    Position head = writer.head();
    switch (random.nextInt(12)) {
      case 0, 1 -> writer.openEpoch(head.epoch() + random.nextLong(1, 3));
      case 2 -> {
        writer.setLineage(new Lineage(List.of(new Position(1, 7), head.epoch() > 1 ? head : LATE)));
        writer.openEpoch(writer.head().epoch() + 1);
      }
      case 3 -> {
        if (random.nextInt(20) == 0) {
          writer.clearRows();
        }
      }
      case 4 -> writer.moveDevice(random.nextInt(2), random.nextInt(2));
      default ->
          writer.forgetTombstones(new Position(head.epoch(), random.nextLong(head.sequence() + 1)));
    }
  }

  private static final Position LATE = new Position(2, 1_000_000);

  private static EntryId anyId(IndexReader reader, SplittableRandom random) {
    long epoch = Math.max(1, reader.head().epoch() - random.nextInt(2));
    return EntryId.of(epoch, random.nextLong(1, IDS));
  }

  private static EntryId anyDirectory(SplittableRandom random) {
    int counter = random.nextInt(DIRECTORIES);
    return counter == 0 ? EntryId.ROOT : EntryId.of(1, counter);
  }

  private static Entry entry(SplittableRandom random) {
    Metadata metadata = metadata(random);
    return switch (random.nextInt(6)) {
      case 0 -> new Entry.Directory(metadata);
      case 1 -> new Entry.SymbolicLink(metadata, Bytes.of("target " + random.nextInt()));
      case 2 -> new Entry.SpecialFile(metadata, FileKind.CHARACTER_DEVICE, 1, random.nextInt());
      default ->
          new Entry.RegularFile(
              metadata,
              random.nextLong(1L << 40),
              random.nextBoolean() ? digest(random) : null,
              random.nextLong());
    };
  }

  private static Metadata metadata(SplittableRandom random) {
    List<Attribute> attributes = new ArrayList<>();
    for (int i = random.nextInt(8) - 5; i > 0; i--) {
      attributes.add(new Attribute(Bytes.of("user." + i), bytes(random, 100)));
    }
    return new Metadata(
        random.nextInt(010000), random.nextInt(), random.nextInt(), time(random), attributes);
  }

  private static @Nullable Local local(SplittableRandom random) {
    return random.nextInt(4) == 0
        ? null
        : new Local(
            random.nextInt(2),
            random.nextInt(IDS),
            time(random),
            time(random),
            random.nextBoolean(),
            random.nextBoolean() ? bytes(random, 30) : null);
  }

  private static Timestamp time(SplittableRandom random) {
    return new Timestamp(random.nextLong(-10, 1L << 34), random.nextInt(1_000_000_000));
  }

  private static Digest digest(SplittableRandom random) {
    byte[] bytes = new byte[Digest.BYTES];
    random.nextBytes(bytes);
    return Digest.of(bytes);
  }

  private static Bytes bytes(SplittableRandom random, int bound) {
    byte[] bytes = new byte[random.nextInt(bound)];
    random.nextBytes(bytes);
    return Bytes.wrap(bytes);
  }

  /** All that can be asked, except for paths, must be answered as the model does. */
  static void assertSame(IndexReader actual, IndexReader model) {
    assertThat(actual.head()).isEqualTo(model.head());
    assertThat(actual.lineage()).isEqualTo(model.lineage());
    assertThat(actual.forgotten()).isEqualTo(model.forgotten());
    assertThat(actual.counts()).isEqualTo(model.counts());
    Position end = new Position(Position.MAX_EPOCH, 0);
    assertThat(collect(actual, (r, list) -> r.changes(Position.NONE, end, list::add)))
        .isEqualTo(collect(model, (r, list) -> r.changes(Position.NONE, end, list::add)));
    List<Inode> inodes = collect(model, (r, list) -> r.inodes(list::add));
    assertThat(collect(actual, (IndexReader r, List<Inode> list) -> r.inodes(list::add)))
        .isEqualTo(inodes);
    for (Inode inode : inodes) {
      assertSame(actual, model, inode);
    }
    assertThat(actual.nameless()).isEqualTo(model.nameless());
    for (int table = 0; table < 3; table++) {
      assertSameNotes(actual, model, "table " + table);
    }
  }

  private static void assertSameNotes(IndexReader actual, IndexReader model, String table) {
    List<IndexReader.Note> notes = model.notes(table);
    assertThat(actual.notes(table)).isEqualTo(notes);
    assertThat(actual.countNotes(table)).isEqualTo(notes.size());
    assertThat(actual.notesAfter(table, Bytes.EMPTY, 3))
        .isEqualTo(model.notesAfter(table, Bytes.EMPTY, 3));
    // A few of them: a writer goes on meanwhile, and fills its disk.
    for (IndexReader.Note note : notes.stream().limit(5).toList()) {
      Bytes key = note.key();
      assertThat(actual.notesAfter(table, key, 3)).isEqualTo(model.notesAfter(table, key, 3));
      if (key.length() > 0) {
        Bytes prefix = Bytes.wrap(java.util.Arrays.copyOf(key.array(), 1));
        boolean last = prefix.array()[0] == (byte) 0xff;
        assertThat(last || actual.notes(table, prefix).equals(model.notes(table, prefix))).isTrue();
      }
    }
  }

  private static void assertSame(IndexReader actual, IndexReader model, Inode inode) {
    EntryId id = inode.id();
    assertThat(actual.inode(id)).contains(inode);
    assertThat(actual.namesOf(id)).containsExactlyInAnyOrderElementsOf(model.namesOf(id));
    assertThat(actual.children(id)).isEqualTo(model.children(id));
    assertThat(actual.hasChildren(id)).isEqualTo(model.hasChildren(id));
    assertThat(actual.signature(id)).isEqualTo(model.signature(id));
    Local local = inode.local();
    if (local != null) {
      assertThat(actual.inodeAt(local.device(), local.inode()))
          .isEqualTo(model.inodeAt(local.device(), local.inode()));
    }
    RelPath path = actual.path(id).orElse(RelPath.ROOT);
    if (!path.isRoot()) {
      assertThat(actual.resolve(path)).contains(id).isEqualTo(model.resolve(path));
    }
  }

  /** The changes between two positions must be those of the model. */
  static void assertSameChanges(
      IndexReader actual, IndexReader model, Position after, Position upTo) {
    List<Change> expected = collect(model, (r, list) -> r.changes(after, upTo, list::add));
    assertThat(collect(actual, (IndexReader r, List<Change> l) -> r.changes(after, upTo, l::add)))
        .isEqualTo(expected);
    assertThat(actual.countChanges(after, upTo)).isEqualTo(expected.size());
  }

  private static <T> List<T> collect(
      IndexReader reader, BiConsumer<IndexReader, List<T>> collector) {
    List<T> list = new ArrayList<>();
    collector.accept(reader, list);
    return list;
  }
}

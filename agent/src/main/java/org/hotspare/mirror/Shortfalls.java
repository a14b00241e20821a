package org.hotspare.mirror;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.NameRow;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.Problems;
import org.jspecify.annotations.Nullable;

/**
 * What this standby could not make as the primary has it, and why. It is kept in the index beside
 * the rows that it is about, so that a restart does not forget it, and goes when it was made, or
 * need not be made any more. The entries are asked for again from time to time; all rows of an
 * entry come then, and what is still refused is noted anew.
 */
final class Shortfalls {
  /** Content and names that are not as the primary's: what a barrier must not confirm. */
  private static final String UNMADE = "shortfall";

  /** Metadata that was refused. */
  private static final String METADATA = "shortfall-metadata";

  /** The id, and what is lacking. */
  private static final int ENTRY_KEY = 9;

  /** What an entry lacks. */
  private enum Lack {
    /** Its newest content. */
    CONTENT(UNMADE, 0),
    /** Some of its metadata. */
    METADATA(Shortfalls.METADATA, 1),
    /** One of its names. */
    NAME(UNMADE, 2),
    /** The removal of one of its names. */
    REMOVAL(UNMADE, 3),
    /** The removal of the entry. */
    DELETION(UNMADE, 4);

    private final String table;

    /** In the index. */
    private final byte code;

    Lack(String table, int code) {
      this.table = table;
      this.code = (byte) code;
    }
  }

  private Shortfalls() {}

  // ---- what is lacking

  /**
   * A row that this filesystem refuses is its entry's problem, and no other's.
   *
   * @throws LinuxException if it is not the row that was refused
   */
  static void refused(IndexWriter index, Change change, LinuxException e) throws LinuxException {
    boolean ofRow =
        e.is(
            Errno.ENAMETOOLONG, Errno.EPERM, Errno.EACCES, Errno.EBUSY, Errno.EINVAL, Errno.EMLINK);
    if (!ofRow) {
      throw e;
    }
    String why = " on this standby: " + e.errno().text();
    switch (change) {
      case Change.NameSet set -> lacksName(index, set, "cannot be made" + why);
      case Change.NameGone gone ->
          index
              .name(gone.parent(), gone.name())
              .ifPresent(row -> lacksRemoval(index, row, "cannot be removed" + why));
      case Change.InodeSet set -> note(index, set.id(), Lack.CONTENT, "cannot be changed" + why);
      case Change.InodeGone gone -> lacksDeletion(index, gone.id(), "cannot be removed" + why);
    }
  }

  /**
   * @param path where it is, or is to be
   */
  static void lacksContent(IndexWriter index, EntryId id, RelPath path, String reason) {
    note(index, UNMADE, key(id, Lack.CONTENT), path, reason);
  }

  static void lacksMetadata(IndexWriter index, EntryId id, String reason) {
    note(index, id, Lack.METADATA, reason);
  }

  /** An entry that the primary has no more is still here. */
  static void lacksDeletion(IndexWriter index, EntryId id, String reason) {
    note(index, id, Lack.DELETION, reason);
  }

  private static void note(IndexWriter index, EntryId id, Lack lack, String reason) {
    RelPath path = index.path(id).orElse(RelPath.ROOT);
    note(index, lack.table, key(id, lack), path, reason);
  }

  static void lacksName(IndexWriter index, Change.NameSet set, String reason) {
    lacks(index, Lack.NAME, row(set), reason);
  }

  private static void lacksRemoval(IndexWriter index, NameRow row, String reason) {
    forget(index, UNMADE, key(row, Lack.NAME));
    lacks(index, Lack.REMOVAL, row, reason);
  }

  private static void lacks(IndexWriter index, Lack lack, NameRow row, String reason) {
    note(index, lack.table, key(row, lack), path(index, row.parent(), row.name()), reason);
  }

  private static RelPath path(IndexReader index, EntryId parent, Name name) {
    return index.path(parent).or(() -> unmadePath(index, parent)).orElse(RelPath.ROOT).child(name);
  }

  /** Where a directory is to be that could not be made. */
  private static Optional<RelPath> unmadePath(IndexReader index, EntryId directory) {
    return index.notes(UNMADE, key(directory, Lack.NAME)).stream()
        .findFirst()
        .map(Shortfalls::notedPath);
  }

  private static NameRow row(Change.NameSet set) {
    return new NameRow(set.parent(), set.name(), set.id(), set.version());
  }

  private static void note(
      IndexWriter index, String table, Bytes key, RelPath path, String reason) {
    byte[] where = path.bytes().array();
    byte[] why = reason.getBytes(StandardCharsets.UTF_8);
    ByteBuffer value = ByteBuffer.allocate(4 + where.length + why.length);
    value.putInt(where.length).put(where).put(why);
    index.putNote(table, key, Bytes.wrap(value.array()));
  }

  // ---- what is lacking no more

  static void hasContent(IndexWriter index, EntryId id) {
    forget(index, UNMADE, key(id, Lack.CONTENT));
  }

  static void hasMetadata(IndexWriter index, EntryId id) {
    forget(index, METADATA, key(id, Lack.METADATA));
  }

  /** The entry has the name, and is to have it. */
  static void hasName(IndexWriter index, Change.NameSet set) {
    forget(index, UNMADE, key(row(set), Lack.NAME));
    forget(index, UNMADE, key(row(set), Lack.REMOVAL));
  }

  /**
   * Names of the entry come, maybe as it was asked for them: one that another entry has by now need
   * not be made. The rest stay noted until they are made or gone: what comes may be a change that
   * was under way, which tells new names only.
   */
  static void namesCome(IndexWriter index, EntryId id) {
    for (IndexReader.Note note : index.notes(UNMADE, key(id, Lack.NAME))) {
      Place place = placeOf(note);
      index
          .name(place.parent, place.name)
          .filter(row -> !row.id().equals(id))
          .ifPresent(_ -> forget(index, UNMADE, note.key()));
    }
  }

  /** A name is gone that no entry has here: one that was to have it need not have it any more. */
  static void nameIsGone(IndexWriter index, Change.NameGone gone) {
    if (unmade(index) == 0) {
      return;
    }
    Place place = new Place(gone.parent(), gone.name());
    for (IndexReader.Note note : index.notes(UNMADE)) {
      boolean ofName = note.key().length() > ENTRY_KEY;
      if (ofName && placeOf(note).equals(place)) {
        forget(index, UNMADE, note.key());
      }
    }
  }

  /** The entry is gone. */
  static void gone(IndexWriter index, EntryId id) {
    index.notes(UNMADE, id.toBytes()).forEach(note -> forget(index, UNMADE, note.key()));
    hasMetadata(index, id);
  }

  private static void forget(IndexWriter index, String table, Bytes key) {
    if (index.note(table, key).isPresent()) {
      index.putNote(table, key, null);
    }
  }

  // ---- what is asked of them

  /** Whether the entry is here under no name because it was refused. */
  static boolean hasNoPlace(IndexReader index, EntryId id) {
    return index.namesOf(id).isEmpty() && lacksNames(index, id);
  }

  /** Whether the entry is to have a name that could not be made, and these rows do not give it. */
  static boolean lacksNamesBeside(IndexReader index, EntryId id, BatchRows rows) {
    return index.notes(UNMADE, key(id, Lack.NAME)).stream()
        .map(Shortfalls::placeOf)
        .anyMatch(place -> !rows.gives(place.parent, place.name, id));
  }

  /** Whether the entry is to have a name that could not be made. */
  static boolean lacksNames(IndexReader index, EntryId id) {
    return !index.notes(UNMADE, key(id, Lack.NAME)).isEmpty();
  }

  /** Whether the entry is here only because its removal was refused. */
  static boolean isUndeleted(IndexReader index, EntryId id) {
    return index.note(UNMADE, key(id, Lack.DELETION)).isPresent();
  }

  /** Whether a directory has something in it whose removal was refused: it stays for as long. */
  static boolean holdsUndeleted(IndexReader index, EntryId directory) {
    return unmade(index) > 0
        && index.children(directory).stream()
            .anyMatch(child -> isUndeleted(index, child.inode().id()));
  }

  /** Names of the entry that are to be removed and could not be. */
  static List<NameRow> removals(IndexReader index, EntryId id) {
    List<NameRow> rows = new ArrayList<>();
    for (IndexReader.Note note : index.notes(UNMADE, key(id, Lack.REMOVAL))) {
      Place place = placeOf(note);
      index.name(place.parent, place.name).filter(row -> row.id().equals(id)).ifPresent(rows::add);
    }
    return rows;
  }

  /** The same: they are not noted any more. */
  static List<NameRow> takeRemovals(IndexWriter index, EntryId id) {
    List<NameRow> rows = removals(index, id);
    index.notes(UNMADE, key(id, Lack.REMOVAL)).forEach(note -> forget(index, UNMADE, note.key()));
    return rows;
  }

  private record Place(EntryId parent, Name name) {}

  /** What name a note is about. */
  private static Place placeOf(IndexReader.Note note) {
    ByteBuffer key = ByteBuffer.wrap(note.key().array()).position(ENTRY_KEY);
    EntryId parent = new EntryId(key.getLong());
    byte[] name = new byte[key.remaining()];
    key.get(name);
    return new Place(parent, Name.of(name));
  }

  /** What this copy lacks is lacking no more: it counts as it is. */
  static void forget(IndexWriter index) {
    index.clearNotes(UNMADE);
    index.clearNotes(METADATA);
  }

  /** The first ones, with where they are now. */
  static List<Problems.Problem> first(IndexReader index, int most) {
    return after(index, null, most).stream().map(lacking -> problem(index, lacking.note)).toList();
  }

  static long count(IndexReader index) {
    return unmade(index) + index.countNotes(METADATA);
  }

  /** How many are about more than metadata: names or content that are not as the primary's. */
  static long unmade(IndexReader index) {
    return index.countNotes(UNMADE);
  }

  /** How many entries are here only because their removal was refused. */
  static long undeleted(IndexReader index) {
    return index.notes(UNMADE).stream()
        .filter(note -> note.key().array()[ENTRY_KEY - 1] == Lack.DELETION.code)
        .count();
  }

  private static Problems.Problem problem(IndexReader index, IndexReader.Note note) {
    RelPath noted = notedPath(note);
    boolean ofName = note.key().length() > ENTRY_KEY;
    RelPath path = ofName ? noted : index.path(EntryId.of(note.key())).orElse(noted);
    ByteBuffer value = ByteBuffer.wrap(note.value().array());
    value.position(4 + value.getInt());
    return new Problems.Problem(path, StandardCharsets.UTF_8.decode(value).toString());
  }

  private static RelPath notedPath(IndexReader.Note note) {
    ByteBuffer value = ByteBuffer.wrap(note.value().array());
    byte[] where = new byte[value.getInt()];
    value.get(where);
    return RelPath.parse(Bytes.wrap(where));
  }

  /** An entry that lacks something; also where the next ones are looked for. */
  record Lacking(String table, IndexReader.Note note) {
    EntryId id() {
      return EntryId.of(note.key());
    }

    /** Whether content and names are as they should be. */
    boolean ofMetadata() {
      return table.equals(METADATA);
    }
  }

  /** Some that follow another, or the first ones; one entry may be among them several times. */
  static List<Lacking> after(IndexReader index, @Nullable Lacking last, int most) {
    List<Lacking> some = new ArrayList<>();
    if (last == null || last.table.equals(UNMADE)) {
      add(index, UNMADE, last == null ? Bytes.EMPTY : last.note.key(), most, some);
      add(index, METADATA, Bytes.EMPTY, most - some.size(), some);
    } else {
      add(index, METADATA, last.note.key(), most, some);
    }
    return some;
  }

  private static void add(
      IndexReader index, String table, Bytes after, int most, List<Lacking> some) {
    index.notesAfter(table, after, most).forEach(note -> some.add(new Lacking(table, note)));
  }

  private static Bytes key(EntryId id, Lack lack) {
    ByteBuffer key = ByteBuffer.allocate(ENTRY_KEY).putLong(id.value()).put(lack.code);
    return Bytes.wrap(key.array());
  }

  private static Bytes key(NameRow row, Lack lack) {
    byte[] name = row.name().bytes().array();
    ByteBuffer key = ByteBuffer.allocate(ENTRY_KEY + 8 + name.length);
    key.putLong(row.id().value()).put(lack.code).putLong(row.parent().value()).put(name);
    return Bytes.wrap(key.array());
  }
}

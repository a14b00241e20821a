package org.hotspare.index;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.jspecify.annotations.Nullable;

/** The index in maps: what the database is compared with. */
final class ModelIndex implements IndexWriter {
  /** Where a name is. */
  private record Place(EntryId parent, Name name) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      return Comparator.comparing(Place::parent).thenComparing(Place::name).compare(this, other);
    }
  }

  private record NoteKey(String table, Bytes key) {}

  private final NavigableMap<EntryId, Inode> inodes = new TreeMap<>();
  private final NavigableMap<EntryId, Position> goneInodes = new TreeMap<>();
  private final NavigableMap<Place, NameRow> names = new TreeMap<>();
  private final NavigableMap<Place, Position> goneNames = new TreeMap<>();
  private final Map<EntryId, Bytes> signatures = new TreeMap<>();
  private final Map<String, Bytes> facts = new TreeMap<>();
  private final Map<NoteKey, Bytes> notes =
      new TreeMap<>(Comparator.comparing(NoteKey::table).thenComparing(NoteKey::key));
  private Lineage lineage = Lineage.EMPTY;
  private long ownEpoch;
  private long lastId;
  private Position forgotten = Position.NONE;

  @Override
  public Position head() {
    return lineage.head();
  }

  @Override
  public Lineage lineage() {
    return lineage;
  }

  @Override
  public Position forgotten() {
    return forgotten;
  }

  @Override
  public Optional<Inode> inode(EntryId id) {
    return Optional.ofNullable(inodes.get(id));
  }

  @Override
  public Optional<Inode> inodeAt(long device, long inode) {
    return inodes.values().stream()
        .filter(row -> isAt(row.local(), device, inode))
        .max(Comparator.comparing(Inode::version));
  }

  private static boolean isAt(@Nullable Local local, long device, long inode) {
    return local != null && local.device() == device && local.inode() == inode;
  }

  @Override
  public Optional<NameRow> name(EntryId parent, Name name) {
    return Optional.ofNullable(names.get(new Place(parent, name)));
  }

  @Override
  public List<NameRow> namesOf(EntryId id) {
    return names.values().stream().filter(row -> row.id().equals(id)).toList();
  }

  @Override
  public List<Child> children(EntryId directory) {
    List<Child> children = new ArrayList<>();
    for (NameRow row : names.values()) {
      Inode inode = inodes.get(row.id());
      if (row.parent().equals(directory) && inode != null) {
        children.add(new Child(row.name(), row.version(), inode));
      }
    }
    return children;
  }

  @Override
  public boolean hasChildren(EntryId directory) {
    return names.keySet().stream().anyMatch(place -> place.parent().equals(directory));
  }

  @Override
  public Optional<RelPath> path(EntryId id) {
    throw new UnsupportedOperationException("which of several paths is not defined");
  }

  @Override
  public Optional<EntryId> resolve(RelPath path) {
    Optional<EntryId> id = Optional.of(EntryId.ROOT);
    for (Name name : path.names()) {
      id = id.flatMap(parent -> name(parent, name)).map(NameRow::id);
    }
    return id;
  }

  @Override
  public void changes(Position after, Position upTo, Consumer<Change> consumer) {
    List<Change> all = new ArrayList<>();
    inodes.forEach((id, row) -> all.add(new Change.InodeSet(id, row.version(), row.entry())));
    goneInodes.forEach((id, version) -> all.add(new Change.InodeGone(id, version)));
    names.forEach(
        (place, row) ->
            all.add(new Change.NameSet(place.parent(), place.name(), row.id(), row.version())));
    goneNames.forEach(
        (place, version) -> all.add(new Change.NameGone(place.parent(), place.name(), version)));
    all.stream()
        .filter(change -> change.version().isAfter(after) && !change.version().isAfter(upTo))
        .sorted(Comparator.comparing(Change::version))
        .forEach(consumer);
  }

  @Override
  public long countChanges(Position after, Position upTo) {
    List<Change> all = new ArrayList<>();
    changes(after, upTo, all::add);
    return all.size();
  }

  @Override
  public void inodes(Consumer<Inode> consumer) {
    inodes.values().forEach(consumer);
  }

  @Override
  public List<EntryId> nameless() {
    return inodes.keySet().stream().filter(id -> namesOf(id).isEmpty()).sorted().toList();
  }

  @Override
  public Optional<Bytes> signature(EntryId id) {
    return Optional.ofNullable(signatures.get(id));
  }

  @Override
  public Counts counts() {
    long bytes = 0;
    for (Inode inode : inodes.values()) {
      bytes += inode.entry() instanceof Entry.RegularFile file ? file.size() : 0;
    }
    return new Counts(inodes.size(), bytes);
  }

  @Override
  public Optional<Bytes> fact(String key) {
    return Optional.ofNullable(facts.get(key));
  }

  @Override
  public List<Note> notes(String table) {
    List<Note> found = new ArrayList<>();
    notes.forEach(
        (key, value) -> {
          if (key.table().equals(table)) {
            found.add(new Note(key.key(), value));
          }
        });
    return found;
  }

  @Override
  public long countNotes(String table) {
    return notes(table).size();
  }

  @Override
  public List<Note> notes(String table, Bytes prefix) {
    return notes(table).stream().filter(note -> startsWith(note.key(), prefix)).toList();
  }

  @Override
  public List<Note> notesAfter(String table, Bytes key, int most) {
    return notes(table).stream().filter(n -> n.key().compareTo(key) > 0).limit(most).toList();
  }

  private static boolean startsWith(Bytes key, Bytes prefix) {
    int length = prefix.length();
    return key.length() >= length
        && Arrays.equals(key.array(), 0, length, prefix.array(), 0, length);
  }

  @Override
  public Optional<Note> note(String table, Bytes key) {
    return Optional.ofNullable(notes.get(new NoteKey(table, key)))
        .map(value -> new Note(key, value));
  }

  @Override
  public Position nextPosition() {
    Position next = new Position(ownEpoch, lineage.head().sequence() + 1);
    lineage = lineage.withEnd(next);
    return next;
  }

  @Override
  public EntryId nextId() {
    lastId++;
    return EntryId.of(ownEpoch, lastId);
  }

  @Override
  public void openEpoch(long epoch) {
    lineage = lineage.withEnd(new Position(epoch, 0));
    ownEpoch = epoch;
    lastId = 0;
  }

  @Override
  public void put(Inode inode) {
    inodes.put(inode.id(), inode);
    goneInodes.remove(inode.id());
  }

  @Override
  public void putLocal(EntryId id, @Nullable Local local) {
    inodes.computeIfPresent(
        id, (key, row) -> new Inode(id, row.version(), row.born(), row.entry(), local));
  }

  @Override
  public void moveDevice(long from, long to) {
    inodes.replaceAll((id, row) -> onDevice(onDevice(row, to, 0), from, to));
  }

  private static Inode onDevice(Inode row, long from, long to) {
    Local local = row.local();
    if (local == null || local.device() != from) {
      return row;
    }
    Local moved =
        new Local(
            to, local.inode(), local.born(), local.changed(), local.settled(), local.handle());
    return new Inode(row.id(), row.version(), row.born(), row.entry(), moved);
  }

  @Override
  public void putContent(EntryId id, long size, Digest digest, long layout) {
    inodes.computeIfPresent(
        id,
        (key, row) ->
            row.entry() instanceof Entry.RegularFile file
                ? new Inode(
                    id,
                    row.version(),
                    row.born(),
                    file.withContent(size, digest, layout),
                    row.local())
                : row);
  }

  @Override
  public void remove(EntryId id, Position version) {
    if (inodes.remove(id) != null) {
      signatures.remove(id);
    }
    goneInodes.put(id, version);
  }

  @Override
  public void putName(NameRow row) {
    Place place = new Place(row.parent(), row.name());
    names.put(place, row);
    goneNames.remove(place);
  }

  @Override
  public void removeName(EntryId parent, Name name, Position version) {
    Place place = new Place(parent, name);
    names.remove(place);
    goneNames.put(place, version);
  }

  @Override
  public void putSignature(EntryId id, @Nullable Bytes signature) {
    if (signature == null) {
      signatures.remove(id);
    } else {
      signatures.put(id, signature);
    }
  }

  @Override
  public void setLineage(Lineage other) {
    lineage = other;
    ownEpoch = 0;
    lastId = 0;
  }

  @Override
  public void forgetTombstones(Position upTo) {
    goneInodes.values().removeIf(version -> !version.isAfter(upTo));
    goneNames.values().removeIf(version -> !version.isAfter(upTo));
    forgotten = upTo.isAfter(forgotten) ? upTo : forgotten;
  }

  @Override
  public void putFact(String key, @Nullable Bytes value) {
    if (value == null) {
      facts.remove(key);
    } else {
      facts.put(key, value);
    }
  }

  @Override
  public void putNote(String table, Bytes key, @Nullable Bytes value) {
    if (value == null) {
      notes.remove(new NoteKey(table, key));
    } else {
      notes.put(new NoteKey(table, key), value);
    }
  }

  @Override
  public void clearRows() {
    inodes.clear();
    goneInodes.clear();
    names.clear();
    goneNames.clear();
    signatures.clear();
  }
}

package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.hotspare.delta.ContentSource;
import org.hotspare.delta.DeltaEncoder;
import org.hotspare.delta.Signature;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.Local;
import org.hotspare.index.NameRow;
import org.hotspare.index.Snapshot;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.hotspare.tree.Timestamp;
import org.hotspare.wire.FileContent;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Row;
import org.jspecify.annotations.Nullable;

/**
 * A primary whose tree is a {@link ModelTree}: numbers what changed in a real index, looking at the
 * names in any order, as the kernel's events allow, and makes real cuts of it.
 */
final class ModelPrimary implements AutoCloseable {
  private static final int USER = 0;

  /** Instead of the content of a file that cannot be read. */
  private static final FileContent UNREADABLE = new FileContent(null, List.of(), false);

  final ModelTree tree;
  final Index index;
  private final SplittableRandom random;
  private final Map<EntryId, ModelTree.Node> nodes = new HashMap<>();
  private final Set<EntryId> orphans = new LinkedHashSet<>();

  /** Of the rows that were made last, in their order. */
  private final List<Bytes> literals = new ArrayList<>();

  /** Of how many files that are to be read one cannot be; 0: all can be read. */
  int unreadableOneIn;

  ModelPrimary(SplittableRandom random, java.nio.file.Path file) {
    this.random = random;
    this.tree = new ModelTree(random.split());
    this.index = Index.open(file);
    index.update(
        Durability.FAST,
        w -> {
          w.openEpoch(1);
          tree.root.id = EntryId.ROOT;
          nodes.put(EntryId.ROOT, tree.root);
          Position version = w.nextPosition();
          w.put(new Inode(EntryId.ROOT, version, version, entry(tree.root), local(tree.root)));
        });
  }

  Position head() {
    try (Snapshot snapshot = index.snapshot()) {
      return snapshot.head();
    }
  }

  /** The node that the index means by an id; null where it has none, or the node left the tree. */
  ModelTree.@Nullable Node node(EntryId id) {
    return nodes.get(id);
  }

  // ---- numbering

  /** Looks at some of the names at which something happened. */
  void numberSome() {
    index.update(Durability.FAST, w -> number(w, random.nextInt(1 + tree.dirty.size())));
  }

  /** Looks at all of them: the index is equal to the tree then. */
  void numberAll() {
    while (!tree.dirty.isEmpty() || !tree.touched.isEmpty() || !orphans.isEmpty()) {
      index.update(Durability.FAST, w -> number(w, tree.dirty.size()));
    }
  }

  private void number(IndexWriter w, int most) {
    Set<EntryId> before = new LinkedHashSet<>(orphans);
    List<ModelTree.Place> places = new ArrayList<>(tree.dirty);
    for (int i = 0; i < most && !places.isEmpty(); i++) {
      ModelTree.Place place = places.remove(random.nextInt(places.size()));
      if (look(w, place)) {
        tree.dirty.remove(place);
      }
    }
    for (EntryId id : before) {
      if (orphans.remove(id) && w.namesOf(id).isEmpty()) {
        removeTree(w, id);
      }
    }
    for (ModelTree.Node node : List.copyOf(tree.touched)) {
      if (node.id == null || w.inode(node.id).isEmpty() || random.nextInt(4) > 0) {
        alter(w, node);
        tree.touched.remove(node);
      }
    }
  }

  /** As the tracker does after an event. Answers whether the directory is where the index says. */
  private boolean look(IndexWriter w, ModelTree.Place place) {
    EntryId directory = place.directory().id;
    if (directory == null || w.inode(directory).isEmpty() || !isInPlace(w, place.directory())) {
      return !isInTree(place.directory());
    }
    Name name = Name.of(place.name());
    ModelTree.Node found = place.directory().children.get(place.name());
    NameRow row = w.name(directory, name).orElse(null);
    if (found == null) {
      if (row != null) {
        w.removeName(directory, name, w.nextPosition());
        noteOrphan(w, row.id());
      }
      return true;
    }
    EntryId id = found.id;
    boolean known = id != null && w.inode(id).isPresent();
    if (!known || id == null) {
      id = create(w, found);
    } else if (row != null && row.id().equals(id)) {
      alter(w, found);
      return true;
    } else if (found.isDirectory()) {
      for (NameRow old : w.namesOf(id)) {
        w.removeName(old.parent(), old.name(), w.nextPosition());
      }
    }
    w.putName(new NameRow(directory, name, id, w.nextPosition()));
    orphans.remove(id);
    if (row != null && !row.id().equals(id)) {
      noteOrphan(w, row.id());
    }
    return true;
  }

  private EntryId create(IndexWriter w, ModelTree.Node node) {
    EntryId id = w.nextId();
    node.id = id;
    nodes.put(id, node);
    Position version = w.nextPosition();
    w.put(new Inode(id, version, version, entry(node), local(node)));
    for (String child : node.children.keySet()) {
      tree.dirty.add(new ModelTree.Place(node, child));
    }
    return id;
  }

  private void alter(IndexWriter w, ModelTree.Node node) {
    Inode known = node.id == null ? null : w.inode(node.id).orElse(null);
    if (known == null) {
      return;
    }
    Entry entry = entry(node);
    Local local = known.local();
    boolean changed = local == null || !local.changed().equals(local(node).changed());
    if (entry instanceof Entry.RegularFile file && known.entry() instanceof Entry.RegularFile old) {
      entry = file.withContent(file.size(), old.digest(), old.layout());
    } else {
      changed = !entry.equals(known.entry());
    }
    if (changed) {
      w.put(new Inode(known.id(), w.nextPosition(), known.born(), entry, local(node)));
    }
  }

  private void noteOrphan(IndexWriter w, EntryId id) {
    if (w.namesOf(id).isEmpty()) {
      orphans.add(id);
    }
  }

  private void removeTree(IndexWriter w, EntryId id) {
    for (var child : w.children(id)) {
      w.removeName(id, child.name(), w.nextPosition());
      if (w.namesOf(child.inode().id()).isEmpty()) {
        removeTree(w, child.inode().id());
      }
    }
    w.remove(id, w.nextPosition());
    orphans.remove(id);
    ModelTree.Node node = nodes.remove(id);
    if (node != null && node.id != null && node.id.equals(id)) {
      node.id = null;
    }
  }

  private boolean isInPlace(IndexReader w, ModelTree.Node directory) {
    if (directory == tree.root) {
      return true;
    }
    EntryId id = directory.id;
    String path = id == null ? "" : w.path(id).map(RelPath::toString).orElse("");
    return tree.paths().getOrDefault(directory, List.of()).contains(path);
  }

  private boolean isInTree(ModelTree.Node directory) {
    return directory == tree.root || tree.paths().containsKey(directory);
  }

  static Entry entry(ModelTree.Node node) {
    Metadata metadata =
        new Metadata(
            node.kind == FileKind.SYMBOLIC_LINK ? 0777 : node.permissions,
            USER,
            USER,
            new Timestamp(node.modified, 0),
            List.of());
    return switch (node.kind) {
      case DIRECTORY -> new Entry.Directory(metadata);
      case SYMBOLIC_LINK -> new Entry.SymbolicLink(metadata, Bytes.of(node.content));
      case REGULAR_FILE -> new Entry.RegularFile(metadata, node.content.length, null, 0);
      case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE ->
          new Entry.SpecialFile(metadata, FileKind.FIFO, 0, 0);
    };
  }

  private static Local local(ModelTree.Node node) {
    boolean settled = node.kind != FileKind.REGULAR_FILE;
    Timestamp changed = new Timestamp(node.modified, 0);
    return new Local(1, node.number + 1, Timestamp.EPOCH, changed, settled, null);
  }

  // ---- cuts

  /** The rows of the cut from a position to the head, and of what was asked for. */
  List<Row> cut(Snapshot snapshot, Position from, Collection<EntryId> wanted) {
    List<Row> rows = new ArrayList<>();
    CutOrder order = new CutOrder(snapshot, from, snapshot.head(), new Collect(rows));
    order.changes();
    order.wanted(wanted);
    return rows;
  }

  /** All rows as an inventory has them: with digests, and without content. */
  List<Row> inventory(Snapshot snapshot) {
    List<Row> rows = new ArrayList<>();
    int oneIn = unreadableOneIn;
    unreadableOneIn = 0;
    new CutOrder(snapshot, Position.NONE, snapshot.head(), new Collect(rows)).everything();
    unreadableOneIn = oneIn;
    literals.clear();
    return rows.stream().map(row -> new Row(row.change(), null)).toList();
  }

  private final class Collect implements CutOrder.Sink {
    private final List<Row> rows;

    Collect(List<Row> rows) {
      this.rows = rows;
    }

    @Override
    public void inode(Inode inode, boolean unknown) {
      if (!(inode.entry() instanceof Entry.RegularFile file)) {
        rows.add(new Row(set(inode, inode.entry()), null));
        return;
      }
      Local local = inode.local();
      boolean known = local != null && local.settled() && file.digest() != null;
      if (known && !unknown) {
        rows.add(new Row(set(inode, file), null));
        return;
      }
      ModelTree.Node node = nodes.get(inode.id());
      if (node == null || !isInTree(node)) {
        // Gone since the cut was taken: its tombstone follows with another.
        return;
      }
      boolean unreadable = unreadableOneIn > 0 && random.nextInt(unreadableOneIn) == 0;
      rows.add(unreadable ? new Row(set(inode, file), UNREADABLE) : loaded(inode, node));
    }

    @Override
    public void other(Change change) {
      rows.add(new Row(change, null));
    }

    @Override
    public void reached(Position through) {}
  }

  private static Change.InodeSet set(Inode inode, Entry entry) {
    return new Change.InodeSet(inode.id(), inode.version(), entry);
  }

  /** Reads a file as it is now, and remembers what was read. */
  private Row loaded(Inode inode, ModelTree.Node node) {
    ContentLoader.Collected steps = new ContentLoader.Collected();
    try {
      DeltaEncoder.Result result =
          new DeltaEncoder().encode(Signature.NONE, new InMemory(node.content), false, steps);
      Entry.RegularFile entry =
          ((Entry.RegularFile) entry(node))
              .withContent(node.content.length, result.signature().root(), result.layout());
      Local now = local(node);
      Local settled = new Local(now.device(), now.inode(), now.born(), now.changed(), true, null);
      Local numbered = inode.local();
      index.update(
          Durability.FAST,
          w -> {
            boolean same =
                w.inode(inode.id()).map(i -> i.version().equals(inode.version())).orElse(false);
            if (same && entry.digest() != null) {
              w.putContent(inode.id(), entry.size(), entry.digest(), entry.layout());
              if (numbered != null && numbered.changed().equals(now.changed())) {
                w.putLocal(inode.id(), settled);
              }
            }
          });
      literals.add(steps.ops.isEmpty() ? Bytes.EMPTY : Bytes.of(node.content));
      return new Row(set(inode, entry), new FileContent(null, steps.ops, true));
    } catch (IOException e) {
      throw new AssertionError("memory does not fail", e);
    }
  }

  /** Packs rows into frames of random sizes. */
  List<Frame> frames(List<Row> rows) {
    List<Frame> frames = new ArrayList<>();
    List<Row> some = new ArrayList<>();
    java.io.ByteArrayOutputStream payload = new java.io.ByteArrayOutputStream();
    for (Row row : rows) {
      if (UNREADABLE.equals(row.content()) && row.change() instanceof Change.InodeSet set) {
        frames.add(new Frame.Rows(some, ByteBuffer.wrap(payload.toByteArray())));
        some.clear();
        payload.reset();
        frames.add(new Frame.ContentAborted(set.id(), "cannot be read"));
        continue;
      }
      some.add(row);
      if (row.content() != null) {
        payload.writeBytes(literals.removeFirst().array());
      }
      if (random.nextInt(4) == 0) {
        frames.add(new Frame.Rows(some, ByteBuffer.wrap(payload.toByteArray())));
        some.clear();
        payload.reset();
      }
    }
    frames.add(new Frame.Rows(some, ByteBuffer.wrap(payload.toByteArray())));
    return frames;
  }

  private static final class InMemory implements ContentSource {
    private final byte[] bytes;

    InMemory(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public int read(ByteBuffer target, long offset) {
      int length = (int) Math.min(target.remaining(), bytes.length - offset);
      if (length <= 0) {
        return -1;
      }
      target.put(bytes, (int) offset, length);
      return length;
    }

    @Override
    public long nextHole(long offset) {
      return bytes.length;
    }

    @Override
    public long nextData(long offset) {
      return offset;
    }
  }

  /** Which of the files that a standby held are still the same entries of the primary. */
  Set<Integer> filesOf(IndexReader standby) {
    Set<Integer> numbers = new HashSet<>();
    try (Snapshot mine = index.snapshot()) {
      standby.inodes(
          inode -> {
            ModelTree.Node node = nodes.get(inode.id());
            boolean named = node != null && !mine.namesOf(inode.id()).isEmpty();
            if (named && node != null && node.kind == FileKind.REGULAR_FILE) {
              numbers.add(node.number);
            }
          });
    }
    return numbers;
  }

  @Override
  public void close() {
    index.close();
  }
}

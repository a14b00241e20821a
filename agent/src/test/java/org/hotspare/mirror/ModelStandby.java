package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.stream.Stream;
import org.hotspare.index.Index;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.DirFd;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Position;
import org.hotspare.watch.Excludes;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.watch.NoWatcher;
import org.hotspare.watch.Problems;
import org.hotspare.watch.ProcessorLimit;
import org.hotspare.wire.Frame;

/**
 * A standby with a real tree and a real index, whose applier can be stopped in the middle of a
 * batch as kill -9 would: what it did to the tree stays, what it wrote into the index is lost.
 */
final class ModelStandby implements AutoCloseable {
  /** As if the process had been killed here. */
  static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** How the names of files begin that are not mirrored. */
  static final String OWN = "own";

  final Path tree;
  Index index;
  private final Path indexFile;
  private final MirrorRoot root;
  private final Problems problems = new Problems();
  private final ExecutorService stagers;
  private final StandbyState state = new StandbyState();
  private final int rowsPerBatch;
  private Applier applier;

  /** After how many writes to the index the process is killed; negative: never. */
  private int writesLeft = -1;

  /** Called whenever the index is about to be written, in the middle of a batch. */
  Runnable onWrite = () -> {};

  final Set<EntryId> wanted = new LinkedHashSet<>();
  Position acknowledged = Position.NONE;

  private final long deletions;
  private final Excludes excludes;
  private Guard guard;

  /** What the files of this node's own contain, which are excluded from the mirror. */
  private final Set<String> own = new HashSet<>();

  /**
   * @param deletions how many at once are made without asking
   */
  ModelStandby(
      Path base, ExecutorService stagers, int rowsPerBatch, long deletions, Excludes excludes)
      throws IOException {
    this.excludes = excludes;
    this.deletions = deletions;
    this.guard = guard();
    this.tree = Files.createDirectories(base.resolve("tree"));
    this.root = MirrorRoot.of("www", tree, Files.createDirectories(base.resolve("state")));
    this.indexFile = base.resolve("standby.db");
    this.index = Index.open(indexFile);
    this.stagers = stagers;
    this.rowsPerBatch = rowsPerBatch;
    this.applier = connect(Set.of());
  }

  private Guard guard() {
    return new Guard(new Guard.Allowed(deletions, 0, 60_000));
  }

  Path limbo() {
    return tree.resolveSibling(".hotspare/www/limbo");
  }

  /** Where what deletions and replacements took from the tree is kept. */
  private Path kept() {
    return tree.resolveSibling(".hotspare/www/kept");
  }

  Path staging() {
    return tree.resolveSibling(".hotspare/www/staging");
  }

  /** A new connection, after which the primary is asked for what is missing. */
  private Applier connect(Set<EntryId> lost) throws IOException {
    state.subscribed(
        new Frame.Subscribed(Bytes.of("history"), 1, Lineage.EMPTY, Frame.Mode.CHANGES));
    wanted.clear();
    Applier made =
        new Applier(
            root,
            index,
            problems,
            new Removals(excludes, problems),
            guard,
            stagers,
            state,
            ProcessorLimit.none(),
            new SignOfWork(),
            new Upstream(),
            new Applier.Batching(rowsPerBatch, this::counting));
    Set<EntryId> all = new LinkedHashSet<>(lost);
    try (Snapshot snapshot = index.snapshot()) {
      all.addAll(DirectoryTimes.due(snapshot));
    }
    if (!all.isEmpty()) {
      made.ask(all);
    }
    return made;
  }

  /** Whether it has all up to there, and nothing is asked for anew. */
  boolean hasAllUpTo(Position head) {
    return acknowledged.equals(head) && !applier.isOwed();
  }

  /** Asks anew for what something of could not be made, as is done now and then. */
  void askForWhatIsLacking() throws IOException {
    Set<EntryId> lacking = new LinkedHashSet<>();
    try (Snapshot snapshot = index.snapshot()) {
      Shortfalls.after(snapshot, null, Integer.MAX_VALUE).forEach(l -> lacking.add(l.id()));
    }
    applier.ask(lacking);
  }

  boolean isHolding() {
    try (Snapshot snapshot = index.snapshot()) {
      return Holding.isOn(snapshot);
    }
  }

  /**
   * Makes the deletions that are held, unless it is killed before, and asks for what was withheld
   * with them.
   */
  void approve(int writes) throws IOException {
    Removals removals = new Removals(excludes, problems);
    writesLeft = writes;
    applier.ask(HeldDeletions.release(root, index, this::counting, guard, removals));
    writesLeft = -1;
  }

  /** From where the next cut starts. */
  Position position() {
    try (Snapshot snapshot = index.snapshot()) {
      return StandbyState.resume(snapshot);
    }
  }

  /** Applies a cut, unless it is killed before. */
  void take(Position from, Position to, List<? extends Frame> frames, int writes)
      throws IOException {
    writesLeft = writes;
    applier.begin(new Frame.CutBegin(1, from, to, Frame.Mode.CHANGES, 0, 0));
    for (Frame frame : frames) {
      if (frame instanceof Frame.ContentAborted aborted) {
        applier.aborted(aborted);
      } else {
        applier.rows((Frame.Rows) frame);
      }
    }
    applier.end(new Frame.CutEnd(to));
    writesLeft = -1;
  }

  /** As after a kill: a new process compares its tree with its index, and connects. */
  void restart() throws IOException {
    writesLeft = -1;
    applier.abandon();
    guard = guard();
    applier = connect(knowsItsTree() ? drift().scan(true) : Set.of());
  }

  /** As after an error: the same process compares its tree with its index, and connects. */
  void recover() throws IOException {
    writesLeft = -1;
    applier.abandon();
    applier = connect(drift().scan(false));
  }

  private Drift drift() {
    return new Drift(root, index, new NoWatcher(), excludes, problems, () -> {});
  }

  /** Not if it was killed in its first batch: then it has to compare its tree with an inventory. */
  boolean knowsItsTree() {
    try (Snapshot snapshot = index.snapshot()) {
      return snapshot.inode(EntryId.ROOT).isPresent();
    }
  }

  void takeInventory(Position to, List<Frame> frames) throws IOException {
    Path fresh = indexFile.resolveSibling("standby-new.db");
    Frame.CutBegin cut = new Frame.CutBegin(1, Position.NONE, to, Frame.Mode.INVENTORY, 0, 0);
    try (Inventory inventory = new Inventory(root, excludes, fresh, () -> {})) {
      for (Frame frame : frames) {
        inventory.rows((Frame.Rows) frame);
      }
      inventory.compare();
      inventory.perform(KeptRecord.Reason.FOREIGN);
      inventory.replace(index, indexFile, state, cut);
    }
    index = Index.open(indexFile);
    applier.abandon();
    applier = connect(drift().scan(true));
  }

  /** The connection breaks, and another is made. */
  void reconnect() throws IOException {
    boolean owed = applier.isOwed();
    if (owed) {
      restart();
    } else {
      applier.abandon();
      applier = connect(Set.of());
    }
  }

  private IndexWriter counting(IndexWriter writer) {
    return (IndexWriter)
        Proxy.newProxyInstance(
            IndexWriter.class.getClassLoader(),
            new Class<?>[] {IndexWriter.class},
            (_, method, arguments) -> {
              boolean writes =
                  method.getName().startsWith("put") || method.getName().startsWith("remove");
              if (writes && writesLeft >= 0 && writesLeft-- == 0) {
                throw new Killed();
              }
              if (writes) {
                onWrite.run();
              }
              try {
                return method.invoke(writer, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private final class Upstream implements Applier.Upstream {
    @Override
    public void want(List<EntryId> ids) {
      wanted.addAll(ids);
    }

    @Override
    public void acknowledge(Position position) {
      acknowledged = position;
    }

    @Override
    public void applied(List<Change> changes) {}

    @Override
    public void appeared(EntryId id, DirFd directory) {}
  }

  // ---- what is there

  /** What lies at each path, in words: equal trees give equal words. */
  Map<String, String> describe() throws IOException {
    Map<String, String> found = new TreeMap<>();
    Map<Object, String> first = new HashMap<>();
    try (Stream<Path> walk = Files.walk(tree)) {
      for (Path path : walk.sorted().toList()) {
        String name = tree.relativize(path).toString();
        int mode = (Integer) attribute(path, "mode");
        String content =
            switch (mode & 0170000) {
              case 0100000 -> Files.readString(path, StandardCharsets.US_ASCII);
              case 0120000 -> Files.readSymbolicLink(path).toString();
              default -> "";
            };
        boolean directory = (mode & 0170000) == 0040000;
        String linked = directory ? name : first.computeIfAbsent(attribute(path, "ino"), _ -> name);
        long seconds = Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toMillis() / 1000;
        found.put(name, words(mode, seconds, linked, content));
      }
    }
    return found;
  }

  private static Object attribute(Path path, String name) throws IOException {
    return Files.getAttribute(path, "unix:" + name, LinkOption.NOFOLLOW_LINKS);
  }

  static String words(int mode, long seconds, String linked, String content) {
    return "%o at %d as %s: %s".formatted(mode, seconds, linked, content);
  }

  // ---- files of this node's own

  /** Makes one in some directory, whose time stays. */
  void makeOwn(SplittableRandom random) throws IOException {
    List<Path> directories;
    try (Stream<Path> walk = Files.walk(tree)) {
      directories = walk.filter(p -> Files.isDirectory(p, LinkOption.NOFOLLOW_LINKS)).toList();
    }
    Path directory = directories.get(random.nextInt(directories.size()));
    Path file = directory.resolve(OWN + random.nextInt(3));
    if (!Files.exists(file)) {
      String content = "own " + own.size();
      FileTime before = Files.getLastModifiedTime(directory);
      Files.writeString(file, content);
      Files.setLastModifiedTime(directory, before);
      own.add(content);
    }
  }

  static boolean isOwn(String path) {
    return path.substring(path.lastIndexOf('/') + 1).startsWith(OWN);
  }

  /**
   * Each is in the tree; or among what is kept, where the directory is gone that held it; or waits
   * with that for a name.
   */
  void assertHasOwn() throws IOException {
    Set<String> lost = new HashSet<>(own);
    lost.removeAll(contentsAnywhere());
    assertThat(lost).as("files of its own").isEmpty();
  }

  /** What a reader finds now: each file's own name with its content. */
  Set<String> shown() {
    return shownIn(tree);
  }

  /** The same, with what waits outside, and may come back with its directory. */
  Set<String> shownAndWaiting() {
    Set<String> found = shownIn(tree);
    if (Files.exists(limbo())) {
      found.addAll(shownIn(limbo()));
    }
    return found;
  }

  private static Set<String> shownIn(Path top) {
    Set<String> found = new HashSet<>();
    try (Stream<Path> walk = Files.walk(top)) {
      for (Path path : walk.toList()) {
        if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
          String content = Files.readString(path, StandardCharsets.US_ASCII);
          found.add(ModelTree.shown(path.getFileName().toString(), content));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  /** The contents of all files in the tree and of those that wait for their names. */
  Set<String> contents() throws IOException {
    return contentsOf(List.of(tree, limbo()));
  }

  /** The same, and of what was kept: the next start brings back from there what is not due. */
  Set<String> contentsAnywhere() throws IOException {
    return contentsOf(List.of(tree, limbo(), kept()));
  }

  private static Set<String> contentsOf(List<Path> starts) throws IOException {
    Set<String> contents = new HashSet<>();
    for (Path start : starts) {
      if (!Files.exists(start)) {
        continue;
      }
      List<Path> files;
      try (Stream<Path> walk = Files.walk(start)) {
        files = walk.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)).toList();
      }
      for (Path file : files) {
        contents.add(Files.readString(file, StandardCharsets.US_ASCII));
      }
    }
    return contents;
  }

  static List<Path> list(Path directory) {
    if (!Files.exists(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return new ArrayList<>(files.toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    applier.abandon();
    index.close();
  }
}

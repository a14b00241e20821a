package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.hotspare.index.Snapshot;
import org.hotspare.testing.Zoo;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Position;
import org.hotspare.watch.Excludes;
import org.hotspare.wire.Frame;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Random trees are changed at random, numbered in any order, cut anywhere, and merged into a real
 * directory by an applier that is killed and cut off at random moments: in the end the standby's
 * tree is the primary's, and on the way no file is nowhere, and none shows what it never had.
 * {@code -Dmerge.seed=N} repeats a run, {@code -Dmerge.seconds=N} makes it longer.
 */
final class MergeTest {
  private static final Duration SHORT = Duration.ofSeconds(2);
  private static final Duration LONG = Duration.ofSeconds(6);
  private static final int CASES_PER_TREE = 40;
  private static final int MOST_CUTS = 200;
  private static final long FEW_DELETIONS = 2;
  private static final int UNREADABLE_ONE_IN = 4;

  /** A batch that holds any cut of these trees. */
  private static final int WHOLE_CUT = 8192;

  /** The virtual machine opens some of its own now and then. */
  private static final int MOST_MORE_OPEN = 8;

  private final ExecutorService stagers = Executors.newFixedThreadPool(2);
  private Path base;
  private boolean interrupts;

  /** Whether a reader looks at the standby's tree in the middle of batches. */
  private boolean watched;

  private int unreadableOneIn;
  private long deletions = Long.MAX_VALUE;
  private List<String> excluded = List.of();
  private long approvals;
  private long merged;
  private long kills;

  @BeforeEach
  void make() throws IOException {
    base = Files.createTempDirectory(Path.of("/dev/shm"), "hotspare-merge");
  }

  @AfterEach
  void remove() {
    stagers.shutdown();
    Zoo.delete(base);
  }

  @Test
  void randomTreesMerge() throws Exception {
    run(SHORT, false);
  }

  @Test
  void randomTreesMergeWhateverInterrupts() throws Exception {
    run(LONG, true);
  }

  @Test
  void randomTreesMergeAmongFilesOfTheStandbysOwn() throws Exception {
    excluded = List.of(ModelStandby.OWN + "*");
    run(SHORT, false);
  }

  @Test
  void randomTreesMergeAmongFilesOfTheStandbysOwnWhateverInterrupts() throws Exception {
    excluded = List.of(ModelStandby.OWN + "*");
    run(LONG, true);
  }

  @Test
  void randomTreesMergeThoughFilesCannotBeReadAtTimes() throws Exception {
    unreadableOneIn = UNREADABLE_ONE_IN;
    run(SHORT, false);
  }

  @Test
  void randomTreesMergeThoughFilesCannotBeReadAtTimesWhateverInterrupts() throws Exception {
    unreadableOneIn = UNREADABLE_ONE_IN;
    run(LONG, true);
  }

  @Test
  void randomTreesMergeWhileDeletionsAreHeld() throws Exception {
    deletions = FEW_DELETIONS;
    run(SHORT, false);
    assertThat(approvals).as("how often something was held").isPositive();
  }

  @Test
  void randomTreesMergeWhileDeletionsAreHeldWhateverInterrupts() throws Exception {
    deletions = FEW_DELETIONS;
    run(LONG, true);
    assertThat(approvals).as("how often something was held").isPositive();
  }

  private void run(Duration duration, boolean interrupting) throws Exception {
    long first = Long.getLong("merge.seed", System.nanoTime());
    interrupts = interrupting;
    System.out.println("MergeTest: seed " + first);
    Long seconds = Long.getLong("merge.seconds");
    Duration limit = seconds == null ? duration : Duration.ofSeconds(seconds);
    long until = System.nanoTime() + limit.toNanos();
    for (long seed = first; System.nanoTime() < until; seed++) {
      try {
        tree(seed);
      } catch (AssertionError | Exception e) {
        throw new AssertionError("with -Dmerge.seed=" + seed + ": " + e.getMessage(), e);
      }
    }
    System.out.printf("MergeTest: %d merged, %d interruptions%n", merged, kills);
  }

  private void tree(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    Path here = Files.createDirectory(base.resolve("case"));
    int before = ModelStandby.list(Path.of("/proc/self/fd")).size();
    SplittableRandom primarys = random.split();
    int rows = random.nextInt(2) == 0 ? WHOLE_CUT : 1 + random.nextInt(6);
    try (ModelPrimary primary = new ModelPrimary(primarys, here.resolve("primary.db"));
        ModelStandby standby =
            new ModelStandby(here, stagers, rows, deletions, Excludes.of(excluded))) {
      watched =
          !interrupts
              && deletions == Long.MAX_VALUE
              && rows == WHOLE_CUT
              && excluded.isEmpty()
              && unreadableOneIn == 0;
      for (int i = 0; i < CASES_PER_TREE; i++) {
        step(primary, standby, random);
        merged++;
      }
    }
    Zoo.delete(here);
    assertThat(ModelStandby.list(Path.of("/proc/self/fd")).size())
        .as("open files")
        .isLessThan(before + MOST_MORE_OPEN);
  }

  private void step(ModelPrimary primary, ModelStandby standby, SplittableRandom random)
      throws IOException {
    primary.unreadableOneIn = unreadableOneIn;
    int parts = 1 + random.nextInt(3);
    for (int part = 0; part < parts; part++) {
      int changes = random.nextInt(8);
      for (int i = 0; i < changes; i++) {
        primary.tree.change();
      }
      primary.numberSome();
      if (!excluded.isEmpty() && random.nextBoolean()) {
        standby.makeOwn(random);
      }
      if (part + 1 < parts) {
        merge(primary, standby, random);
      }
    }
    primary.numberAll();
    mergeAll(primary, standby, random);
    if (standby.isHolding()) {
      assertHasAllOf(primary, standby);
      if (random.nextBoolean()) {
        return;
      }
      approve(primary, standby, random);
      approvals++;
      mergeAll(primary, standby, random);
      if (standby.isHolding()) {
        // A deletion that had not come before.
        return;
      }
    }
    if (unreadableOneIn > 0 && random.nextBoolean()) {
      // What is lacking changes before it is asked for.
      return;
    }
    boolean interrupting = interrupts;
    interrupts = false;
    primary.unreadableOneIn = 0;
    standby.askForWhatIsLacking();
    mergeAll(primary, standby, random);
    interrupts = interrupting;
    int lacking = assertSame(primary.tree, standby);
    standby.assertHasOwn();
    assertThat(ModelStandby.list(standby.limbo())).as("limbo").hasSizeLessThanOrEqualTo(lacking);
    assertThat(ModelStandby.list(standby.staging())).as("staging").isEmpty();
  }

  /**
   * But for what is the standby's own, and directories that stay because of it: where a file has
   * the name of one, it is lacking. Answers how many names are.
   */
  private static int assertSame(ModelTree tree, ModelStandby standby) throws IOException {
    Map<String, String> found = standby.describe();
    Map<String, String> expected = describe(tree, Set.of());
    Set<String> holding = new HashSet<>();
    for (String path : found.keySet()) {
      for (int at = path.lastIndexOf('/');
          ModelStandby.isOwn(path) && at > 0;
          at = path.lastIndexOf('/', at - 1)) {
        holding.add(path.substring(0, at));
      }
    }
    found.keySet().removeIf(ModelStandby::isOwn);
    holding.removeIf(path -> isDirectory(expected.get(path)));
    found.keySet().removeAll(holding);
    assertThat(found).isEqualTo(describe(tree, holding));
    holding.retainAll(expected.keySet());
    return holding.size();
  }

  private static boolean isDirectory(@Nullable String words) {
    return words != null && words.startsWith("4");
  }

  private void approve(ModelPrimary primary, ModelStandby standby, SplittableRandom random)
      throws IOException {
    if (interrupts && random.nextBoolean()) {
      // A further link to a file may be in a directory that came back, which only a scan finds.
      standby.recover();
      mergeAll(primary, standby, random);
      Map<String, String> before = standby.describe();
      try {
        standby.approve(random.nextInt(30));
        return;
      } catch (ModelStandby.Killed killed) {
        kills++;
        if (random.nextBoolean()) {
          standby.restart();
        } else {
          standby.recover();
        }
      }
      mergeAll(primary, standby, random);
      assertThat(standby.isHolding()).as("still held").isTrue();
      assertThat(standby.describe()).as("before the approval").isEqualTo(before);
    }
    standby.approve(-1);
  }

  /** Merges until the standby has all of the primary's tree, which is numbered. */
  private void mergeAll(ModelPrimary primary, ModelStandby standby, SplittableRandom random)
      throws IOException {
    Set<String> before = standby.shownAndWaiting();
    if (watched) {
      standby.onWrite = () -> assertShowsNothingElse(standby, before, primary.tree.shown);
    }
    for (int cuts = 0; !standby.hasAllUpTo(primary.head()); cuts++) {
      assertThat(cuts).as("cuts until nothing is missing").isLessThan(MOST_CUTS);
      merge(primary, standby, random);
    }
    standby.onWrite = () -> {};
  }

  private static void assertShowsNothingElse(
      ModelStandby standby, Set<String> before, Set<String> shown) {
    Set<String> found = standby.shown();
    found.removeAll(before);
    found.removeAll(shown);
    assertThat(found).as("names with what they never had, on the way").isEmpty();
  }

  /** While deletions are held, a standby has more than its primary, and nothing less. */
  private static void assertHasAllOf(ModelPrimary primary, ModelStandby standby)
      throws IOException {
    Map<String, String> found = standby.describe();
    primary
        .tree
        .paths()
        .forEach(
            (node, paths) ->
                paths.forEach(
                    path -> {
                      String words = words(node, "");
                      String content = words.substring(words.indexOf(':'));
                      assertThat(found.get(path)).as(path).isNotNull().endsWith(content);
                    }));
  }

  /** One cut, perhaps interrupted. */
  private void merge(ModelPrimary primary, ModelStandby standby, SplittableRandom random)
      throws IOException {
    Set<Integer> files = new HashSet<>();
    Position from = standby.position();
    Position to;
    List<EntryId> wanted = List.copyOf(standby.wanted);
    List<Frame> frames;
    try (Snapshot snapshot = primary.index.snapshot()) {
      to = snapshot.head();
      try (Snapshot own = standby.index.snapshot()) {
        files.addAll(primary.filesOf(own));
      }
      frames = primary.frames(primary.cut(snapshot, from, wanted));
    }
    standby.wanted.removeAll(wanted);
    Set<String> before = standby.contents();
    files.removeIf(number -> !holds(before, number));
    int interruption = interrupts ? random.nextInt(6) : 5;
    if (interruption == 0) {
      kills++;
      standby.reconnect();
      assertHolds(standby, files, "after a lost connection");
      return;
    }
    try {
      standby.take(from, to, frames, interruption < 3 ? random.nextInt(60) : -1);
    } catch (ModelStandby.Killed killed) {
      kills++;
      assertHolds(standby.contentsAnywhere(), files, "when killed");
      standby.restart();
      assertHolds(standby, files, "after the restart");
      if (!standby.knowsItsTree()) {
        takeInventory(primary, standby);
      }
    }
    assertHolds(standby, files, "after the cut");
  }

  private static void takeInventory(ModelPrimary primary, ModelStandby standby) throws IOException {
    try (Snapshot snapshot = primary.index.snapshot()) {
      standby.takeInventory(snapshot.head(), primary.frames(primary.inventory(snapshot)));
    }
  }

  private static boolean holds(Set<String> contents, int number) {
    return contents.stream().anyMatch(content -> content.startsWith(ModelTree.tag(number)));
  }

  /** Each is somewhere, whole, in whatever version. */
  private static void assertHolds(ModelStandby standby, Set<Integer> files, String when)
      throws IOException {
    assertHolds(standby.contents(), files, when);
  }

  private static void assertHolds(Set<String> contents, Set<Integer> files, String when) {
    for (int number : files) {
      assertThat(holds(contents, number)).as("file %d %s: %s", number, when, contents).isTrue();
    }
  }

  private static Map<String, String> describe(ModelTree tree, Set<String> without) {
    Map<String, String> found = new TreeMap<>();
    found.put("", words(tree.root, ""));
    tree.paths()
        .forEach(
            (node, all) -> {
              List<String> paths = all.stream().filter(path -> !without.contains(path)).toList();
              String first = paths.stream().min(String::compareTo).orElse("");
              paths.forEach(path -> found.put(path, words(node, first)));
            });
    return found;
  }

  private static String words(ModelTree.Node node, String linked) {
    int type =
        switch (node.kind) {
          case REGULAR_FILE -> 0100000;
          case DIRECTORY -> 0040000;
          case SYMBOLIC_LINK -> 0120000;
          case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> 0010000;
        };
    boolean link = node.kind == FileKind.SYMBOLIC_LINK;
    boolean content = link || node.kind == FileKind.REGULAR_FILE;
    return ModelStandby.words(
        type | (link ? 0777 : node.permissions),
        node.modified,
        linked,
        content ? new String(node.content, StandardCharsets.US_ASCII) : "");
  }
}

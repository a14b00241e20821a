package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.hotspare.admin.Answer;
import org.hotspare.admin.MirrorState;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.WrongRequest;
import org.hotspare.testing.Judge;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is held stays whole and can be brought back, whatever becomes of its names on the primary
 * meanwhile.
 */
final class HeldAgainTest {
  private static final int DIRECTORIES = 30;
  private static final int FILES = 300;

  /** Two thirds of the directories are let through, what is in all of them is not. */
  private static final String GUARD = "guard: {deletions: 290}";

  private static final int MUCH = 64;

  @TempDir Path base;

  private static void run(String command) throws Exception {
    Process process = new ProcessBuilder("/bin/sh", "-c", command).inheritIO().start();
    assertThat(process.waitFor()).as(command).isZero();
  }

  private Path before() {
    return base.resolve("before");
  }

  private Path gone() {
    return base.resolve("gone");
  }

  private TestPair withCopy(TestPair pair) throws Exception {
    Path tree = pair.alpha().tree();
    for (int i = 0; i < FILES; i++) {
      Path directory = tree.resolve("d" + i % DIRECTORIES);
      Path inner = i % 7 == 0 ? directory.resolve("inner/most") : directory;
      Files.createDirectories(inner);
      Files.writeString(inner.resolve("f" + i), "content " + i);
    }
    run("touch -d @1000000000 %1$s/d*/inner/most %1$s/d*/inner %1$s/d* %1$s".formatted(tree));
    pair.start();
    pair.assertSame();
    run("cp -a %s %s; mkdir %s".formatted(tree, before(), gone()));
    return pair;
  }

  private TestPair pairWithCopy() throws Exception {
    return withCopy(
        TestPair.make(base, base.resolve("alpha/tree"), base.resolve("beta/tree"), "", GUARD));
  }

  private static void awaitHeld(TestPair pair) throws Exception {
    TestPair.await("held", () -> pair.beta().mirror().state() == MirrorState.HELD);
    pair.barrier();
  }

  private static void awaitInSync(TestPair pair) throws Exception {
    TestPair.await("in sync", () -> pair.beta().mirror().state() == MirrorState.IN_SYNC);
    pair.assertSame();
  }

  /** What the primary has beside what is to come back goes into the tree before the accident. */
  private void isIn(Path tree, String path) throws Exception {
    String above = path.substring(0, path.lastIndexOf('/'));
    run(
        "cd %1$s && touch -r %3$s %5$s && cp -a %2$s/%4$s %4$s && touch -r %5$s %3$s && rm %5$s"
            .formatted(before(), tree, above, path, base.resolve("time")));
  }

  private static long files(Path tree) throws Exception {
    try (Stream<Path> walk = Files.walk(tree)) {
      return walk.filter(Files::isRegularFile).count();
    }
  }

  @Test
  void aDirectoryThatIsMadeAnewHasWhatIsHeldInIt() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      Path tree = pair.alpha().tree();
      run("rm -rf %s/*".formatted(tree));
      awaitHeld(pair);
      run("mkdir -p %1$s/d1/inner %1$s/d2 && echo new > %1$s/d1/inner/new".formatted(tree));
      pair.barrier();
      isIn(tree, "d1/inner/new");
      Judge.assertSameTree(before(), pair.beta().tree(), TestPair.LIMIT);
      assertThat(reject(pair).outcome()).isEqualTo(Outcome.DONE);
      Judge.assertSameTree(before(), tree, TestPair.LIMIT);
      awaitInSync(pair);
    }
  }

  @Test
  void whatIsMadeAnewLivesOn() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      Path tree = pair.alpha().tree();
      Path copy = pair.beta().tree();
      run("rm -rf %s/*".formatted(tree));
      awaitHeld(pair);
      run("mkdir -p %1$s/d1/inner && echo new > %1$s/d1/inner/new".formatted(tree));
      run("echo f1 > %1$s/d1/f1; mkdir %1$s/d1/f31; echo file > %1$s/d2".formatted(tree));
      pair.barrier();
      run(
          "chmod 700 %1$s/d1 && mv %1$s/d1/inner/new %1$s/d1/f61 && mv %1$s/d1 %1$s/e1"
              .formatted(tree));
      pair.barrier();
      assertThat(copy.resolve("e1/f61")).hasContent("new\n");
      assertThat(copy.resolve("e1/f1")).hasContent("f1\n");
      assertThat(copy.resolve("e1/f31")).isDirectory();
      assertThat(copy.resolve("e1/f121")).hasContent("content 121");
      assertThat(copy.resolve("d2")).hasContent("file\n");
      pair.alpha().operations().approve(null, Duration.ofMinutes(1));
      awaitInSync(pair);
    }
  }

  @Test
  void approvalRemovesWhatIsHeldInADirectoryThatIsMadeAnew() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      Path tree = pair.alpha().tree();
      run("rm -rf %s/*".formatted(tree));
      awaitHeld(pair);
      run("mkdir -p %1$s/d1/inner %1$s/d2 && echo new > %1$s/d1/inner/new".formatted(tree));
      pair.barrier();
      assertThat(files(pair.beta().tree())).isEqualTo(FILES + 1);
      pair.beta().stop();
      pair.beta().start();
      pair.barrier();
      pair.alpha().operations().approve(null, Duration.ofMinutes(1));
      awaitInSync(pair);
      assertThat(files(pair.beta().tree())).isEqualTo(1);
    }
  }

  @Test
  void directoriesThatAreSwappedForNewOnesAreHeld() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      Path tree = pair.alpha().tree();
      run(
          "cd %s && for d in d*; do mv $d %s && mkdir $d && echo > $d/new; done"
              .formatted(tree, gone()));
      awaitHeld(pair);
      assertThat(files(pair.beta().tree())).isEqualTo(FILES + DIRECTORIES);
      for (int i = 0; i < DIRECTORIES; i++) {
        isIn(tree, "d" + i + "/new");
      }
      assertThat(reject(pair).outcome()).isEqualTo(Outcome.DONE);
      Judge.assertSameTree(before(), tree, TestPair.LIMIT);
      awaitInSync(pair);
    }
  }

  @Test
  void whatIsSwappedWhileDeletionsAreHeldIsHeld() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      Path tree = pair.alpha().tree();
      run("cd %s && rm -rf d? d1? d20 d21 d26 d27 d28 d29".formatted(tree));
      awaitHeld(pair);
      run("cd %s && mv d22 d23 d24 d25 %s && mkdir d22 d23 d24".formatted(tree, gone()));
      run("cd %s && echo > d22/new && rmdir d23 && mv d24 e24 && mv e24 d24".formatted(tree));
      pair.barrier();
      isIn(tree, "d22/new");
      assertThat(reject(pair).outcome()).isEqualTo(Outcome.DONE);
      Judge.assertSameTree(before(), tree, TestPair.LIMIT);
      awaitInSync(pair);
    }
  }

  @Test
  void aDirectoryThatIsMadeAndDeletedAgainAndAgainKeepsWhatIsHeld() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      Path tree = pair.alpha().tree();
      run(
          "cd %s && ln d29/f29 d28/linked && ln d1/f1 d29/linked && touch -r . d28 d29 d1"
              .formatted(tree));
      pair.assertSame();
      run("rm -rf %2$s && cp -a %1$s %2$s".formatted(tree, before()));
      run("cd %s && rm -rf d? d1? d20 d21 d22 d23 d24 d29".formatted(tree));
      awaitHeld(pair);
      for (int i = 0; i < 3; i++) {
        run("cd %s && mkdir -p d1/inner d29 && echo > d1/inner/again%d".formatted(tree, i));
        pair.barrier();
        run("rm -rf %1$s/d1 %1$s/d29".formatted(tree));
        if (i == 1) {
          pair.beta().stop();
          pair.beta().start();
        }
        pair.barrier();
      }
      run("mkdir -p %1$s/d1/inner %1$s/d29".formatted(tree));
      pair.barrier();
      assertThat(reject(pair).outcome()).isEqualTo(Outcome.DONE);
      awaitInSync(pair);
      run("cd %s && rm d1/inner/again* && touch -r . d1/inner".formatted(tree));
      Judge.assertSameTree(before(), tree, TestPair.LIMIT);
      pair.assertSame();
    }
  }

  /** So much that a restoration can be met half-way. */
  private TestPair pairWithMuch() throws Exception {
    TestPair pair = TestPair.withRelay(base, GUARD);
    SplittableRandom random = new SplittableRandom(1);
    byte[] content = new byte[1_000_000];
    for (int i = 0; i < MUCH; i++) {
      random.nextBytes(content);
      Path directory = pair.alpha().tree().resolve("d" + i % 25);
      Files.write(Files.createDirectories(directory).resolve("much" + i), content);
    }
    return withCopy(pair);
  }

  private static void awaitHalfWay(TestPair pair, long bytesBefore) throws Exception {
    TestPair.await("half-way", () -> pair.relay().bytes() - bytesBefore > 8_000_000);
  }

  @Test
  void aRejectThatWasInterruptedCanBeRepeated() throws Exception {
    try (TestPair pair = pairWithMuch()) {
      Path tree = pair.alpha().tree();
      run("rm -rf %s/*".formatted(tree));
      awaitHeld(pair);
      for (int i = 0; i < 2; i++) {
        long bytes = pair.relay().bytes();
        long connections = pair.relay().connections();
        assertThat(reject(pair).outcome()).isEqualTo(Outcome.DONE);
        awaitHalfWay(pair, bytes);
        pair.relay().drop();
        TestPair.await("connected", () -> pair.relay().connections() > connections);
        TestPair.await("still held", () -> pair.alpha().mirror().held() != null);
        pair.barrier();
      }
      assertThat(files(tree)).isLessThan(FILES + MUCH);
      assertThat(reject(pair).outcome()).isEqualTo(Outcome.DONE);
      Judge.assertSameTree(before(), tree, TestPair.LIMIT);
      awaitInSync(pair);
      Judge.assertSameTree(before(), tree, TestPair.LIMIT);
    }
  }

  @Test
  void aSecondRejectDoesNotBreakTheFirst() throws Exception {
    try (TestPair pair = pairWithMuch()) {
      Path tree = pair.alpha().tree();
      assertThat(reject(pair).outcome()).isEqualTo(Outcome.DONE);
      run("rm -rf %s/*".formatted(tree));
      awaitHeld(pair);
      long bytes = pair.relay().bytes();
      assertThat(reject(pair).outcome()).isEqualTo(Outcome.DONE);
      awaitHalfWay(pair, bytes);
      pair.relay().pause();
      Answer second = reject(pair);
      pair.relay().resume();
      assertThat(second.outcome()).isEqualTo(Outcome.NO);
      assertThat(second.lines().getFirst()).contains("standby beta is bringing entries back");
      Judge.assertSameTree(before(), tree, TestPair.LIMIT);
      awaitInSync(pair);
    }
  }

  @Test
  void whatIsDeletedDuringARejectStaysHeld() throws Exception {
    try (TestPair pair = pairWithMuch()) {
      Path tree = pair.alpha().tree();
      run("cd %s && rm -rf d? d1? d20 d21 d22 d23 d24 d25".formatted(tree));
      awaitHeld(pair);
      long bytes = pair.relay().bytes();
      assertThat(reject(pair).outcome()).isEqualTo(Outcome.DONE);
      awaitHalfWay(pair, bytes);
      pair.relay().pause();
      run("rm -rf %1$s/d28 %1$s/d29/f29".formatted(tree));
      pair.relay().resume();
      // Whether it came before all was brought back or after, it is not forgotten.
      TestPair.await(
          "all is back",
          () -> {
            if (held(pair).contains("besides what was taken back")) {
              reject(pair);
            }
            return pair.beta().mirror().state() == MirrorState.IN_SYNC;
          });
      pair.assertSame();
      Judge.assertSameTree(before(), tree, TestPair.LIMIT, "d28", "d29");
    }
  }

  @Test
  void whatWasDeletedBeforeTheStandbyRestartedCounts() throws Exception {
    try (TestPair pair = pairWithCopy()) {
      Path tree = pair.alpha().tree();
      run("cd %s && rm -rf d? d1?".formatted(tree));
      pair.assertSame();
      pair.beta().stop();
      pair.beta().start();
      pair.barrier();
      run("cd %s && rm -rf d2?".formatted(tree));
      awaitHeld(pair);
      Judge.assertSameTree(before(), pair.beta().tree(), TestPair.LIMIT);
    }
  }

  private static Answer reject(TestPair pair) {
    try {
      return pair.alpha().operations().reject(null);
    } catch (WrongRequest e) {
      throw new AssertionError(e);
    }
  }

  private static String held(TestPair pair) {
    return String.valueOf(pair.beta().mirror().held());
  }
}

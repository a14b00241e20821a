package org.hotspare.agent;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.testing.Churn;
import org.hotspare.testing.PublishedReader;
import org.hotspare.testing.Zoo;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Agents are killed at random moments while much changes: what was confirmed is there, nobody reads
 * a half file, and once both run again the trees become equal.
 */
final class KillTest {
  private static final int CHANGES_PER_SECOND = 100;
  private static final int CHANGES_PER_SECOND_LONG = 300;
  private static final int LARGE_SIZE = 300 << 20;
  private static final int LARGE_PARTS = 30;
  private static final int LARGE_PART = 1 << 20;

  private final long seed = System.nanoTime();
  private final SplittableRandom random = new SplittableRandom(seed);

  private LoopFileSystem disk;
  private ProcessPair pair;
  private Markers markers;

  private enum Victim {
    PRIMARY,
    STANDBY,
    BOTH
  }

  /** What goes on when the kill comes. */
  private enum Moment {
    FIRST_COPY,
    CHANGES,
    CATCHING_UP,
    LARGE_FILE,
    AFTER_BARRIER
  }

  @BeforeEach
  void start() throws Exception {
    System.out.println("KillTest: seed " + seed);
    disk = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 3000);
    pair = ProcessPair.make(disk.path(), "guard: {deletions: 1000000, share: 100%, within: 60s}");
    populate();
    pair.start();
    markers = new Markers(pair.alphaTree(), pair.alpha().client(), seed);
  }

  @AfterEach
  void end() {
    markers.close();
    pair.close();
    disk.close();
  }

  @Test
  void tenKillsLoseNothing() throws Exception {
    kill(10, CHANGES_PER_SECOND);
  }

  @Test
  @Tag("long")
  void fiftyKillsLoseNothing() throws Exception {
    kill(50, CHANGES_PER_SECOND_LONG);
  }

  private void kill(int times, int changesPerSecond) throws Exception {
    int killed = 0;
    for (int round = 0; killed < times; round++) {
      Moment moment = Moment.values()[round % Moment.values().length];
      Victim victim = Victim.values()[random.nextInt(Victim.values().length)];
      System.out.printf("KillTest: round %d, %s, %s%n", round, moment, victim);
      round(moment, victim, round, changesPerSecond);
      killed += victim == Victim.BOTH ? 2 : 1;
    }
    checkEqual("at the end");
  }

  private void round(Moment moment, Victim victim, int round, int changesPerSecond)
      throws Exception {
    try {
      attempt(moment, victim, round, changesPerSecond);
    } catch (AssertionError e) {
      throw pair.withLogs(e);
    }
  }

  private void attempt(Moment moment, Victim victim, int round, int changesPerSecond)
      throws Exception {
    if (moment == Moment.FIRST_COPY) {
      emptyStandby();
    }
    try (Churn churn =
            Churn.startPublishing(pair.alphaTree(), changesPerSecond, Duration.ZERO, seed + round);
        PublishedReader reader = PublishedReader.start(pair.betaTree())) {
      markers.start();
      reach(moment, churn);
      kill(victim);
      assertThat(churn.isRunning()).as("the churn goes on").isTrue();
      markers.stop();
      checkAfter(victim);
      restart();
      reader.assertNoneWrong();
    }
    if (round % 2 == 1) {
      checkEqual("at the end of round " + round);
      Files.deleteIfExists(pair.alphaTree().resolve("large"));
      deleteWhatWasMade();
    }
  }

  private void checkEqual(String when) {
    pair.assertSame();
    markers.check(pair.betaTree(), when);
  }

  /** Or a first copy takes longer the more rounds there were. */
  private void deleteWhatWasMade() throws IOException {
    try (Stream<Path> entries = Files.list(pair.alphaTree())) {
      for (Path entry :
          entries.filter(e -> e.getFileName().toString().startsWith("churn-")).toList()) {
        Zoo.delete(entry);
      }
    }
  }

  // ---- moments

  private void reach(Moment moment, Churn churn) throws Exception {
    switch (moment) {
      case FIRST_COPY -> {
        pair.beta().start();
        pause(random.nextInt(2000));
      }
      case CHANGES -> {
        markers.awaitConfirmations(1 + random.nextInt(2), churn);
        pause(random.nextInt(1000));
      }
      case CATCHING_UP -> {
        markers.awaitConfirmations(1, churn);
        pair.beta().stop();
        pause(2000);
        pair.beta().start();
        TestPair.await("the standby is back", pair::isConnected);
        pause(random.nextInt(300));
      }
      case LARGE_FILE -> {
        markers.awaitConfirmations(1, churn);
        writeLarge();
        TestPair.await("a large file is staged", this::isLargeStaged);
        pause(random.nextInt(600));
      }
      case AFTER_BARRIER -> markers.awaitConfirmations(1 + random.nextInt(3), churn);
    }
  }

  private static void pause(int millis) throws InterruptedException {
    Thread.sleep(millis);
  }

  /** Three hundred megabytes, most of them holes, new each time: it takes a while to stage. */
  private void writeLarge() throws IOException {
    Path temporary = pair.alphaTree().resolve("large.new");
    SplittableRandom content = random.split();
    byte[] bytes = new byte[LARGE_PART];
    try (FileChannel out = FileChannel.open(temporary, CREATE, TRUNCATE_EXISTING, WRITE)) {
      for (int i = 0; i < LARGE_PARTS; i++) {
        content.nextBytes(bytes);
        out.write(ByteBuffer.wrap(bytes), (long) i * LARGE_SIZE / LARGE_PARTS);
      }
    }
    LoopFileSystem.run("truncate", "-s", String.valueOf(LARGE_SIZE), temporary.toString());
    Files.move(temporary, pair.alphaTree().resolve("large"), ATOMIC_MOVE);
  }

  private boolean isLargeStaged() {
    try (Stream<Path> staged = Files.list(pair.betaWork().resolve("staging"))) {
      return staged.anyMatch(file -> file.toFile().length() > 100 << 20);
    } catch (IOException e) {
      return false;
    }
  }

  /** Enough that a first copy takes seconds. */
  private void populate() throws IOException {
    byte[] content = new byte[10_000];
    for (int i = 0; i < 2000; i++) {
      Path directory = pair.alphaTree().resolve("bulk/" + i / 100);
      Files.createDirectories(directory);
      random.nextBytes(content);
      Files.write(directory.resolve("file" + i), content);
    }
  }

  private void emptyStandby() throws Exception {
    pair.beta().stop();
    Zoo.delete(pair.betaTree());
    Zoo.delete(pair.betaWork());
    Zoo.delete(pair.betaMirrorState());
    Files.createDirectories(pair.betaTree());
    markers.forget();
  }

  // ---- the kill and what follows

  private void kill(Victim victim) throws InterruptedException {
    switch (victim) {
      case PRIMARY -> pair.alpha().kill();
      case STANDBY -> pair.beta().kill();
      case BOTH -> {
        boolean first = random.nextBoolean();
        (first ? pair.alpha() : pair.beta()).kill();
        (first ? pair.beta() : pair.alpha()).kill();
      }
    }
  }

  /** What was confirmed has to be on the standby while there is no primary. */
  private void checkAfter(Victim victim) throws Exception {
    if (victim == Victim.STANDBY) {
      pair.alpha().kill();
    }
    if (victim == Victim.PRIMARY) {
      TestPair.await(
          "the standby noticed", () -> pair.beta().logSinceStart().contains("cannot be reached"));
    } else {
      markers.check(pair.betaTree(), "with the standby killed");
      pair.beta().start();
      TestPair.await(
          "the standby looked at its tree",
          () -> pair.beta().logSinceStart().contains("cannot be reached"));
    }
    markers.check(pair.betaTree(), "with the standby alone");
  }

  private void restart() throws Exception {
    pair.alpha().start();
    pair.alpha().awaitAnswer();
    pair.beta().awaitAnswer();
  }
}

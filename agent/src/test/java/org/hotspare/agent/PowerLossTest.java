package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.testing.Churn;
import org.hotspare.testing.PublishedReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The power of either node, or of both, goes at random moments while much changes.
 *
 * <p>A node's tree and state lie on an ext4 filesystem in an image on XFS; a clone of the image,
 * which is atomic, is what its disk held at that instant (see {@code PowerLossIndexTest}). The node
 * goes on from the clone.
 */
final class PowerLossTest {
  private static final int IMAGE_MEGABYTES = 700;
  private static final int CHANGES_PER_SECOND = 100;
  private static final int CHANGES_PER_SECOND_LONG = 300;

  private final long seed = System.nanoTime();
  private final SplittableRandom random = new SplittableRandom(seed);

  private LoopFileSystem host;
  private ProcessPair pair;
  private Markers markers;

  private enum Victim {
    PRIMARY,
    STANDBY,
    BOTH
  }

  @BeforeEach
  void start() throws Exception {
    System.out.println("PowerLossTest: seed " + seed);
    host = LoopFileSystem.create(LoopFileSystem.Kind.XFS, 4000);
    for (String node : new String[] {"alpha", "beta"}) {
      LoopFileSystem.run("truncate", "-s", IMAGE_MEGABYTES + "M", image(node).toString());
      LoopFileSystem.run("mkfs.ext4", "-q", "-F", image(node).toString());
      Files.createDirectory(home(node));
      mount(node);
    }
    pair = ProcessPair.make(host.path(), "guard: {deletions: 1000000, share: 100%, within: 60s}");
    pair.start();
    markers = new Markers(pair.alphaTree(), pair.alpha().client(), seed);
  }

  @AfterEach
  void end() {
    markers.close();
    pair.close();
    host.close();
  }

  @Test
  void tenLossesLoseNothingThatWasConfirmed() throws Exception {
    losePower(10, CHANGES_PER_SECOND);
  }

  @Test
  @Tag("long")
  void twentyLossesLoseNothingThatWasConfirmed() throws Exception {
    losePower(20, CHANGES_PER_SECOND_LONG);
  }

  private Path home(String node) {
    return host.path().resolve(node);
  }

  private Path image(String node) {
    return host.path().resolve(node + ".image");
  }

  private Path copy(String node) {
    return host.path().resolve(node + ".copy");
  }

  private void mount(String node) {
    LoopFileSystem.run("mount", "-o", "loop", image(node).toString(), home(node).toString());
  }

  private void losePower(int times, int changesPerSecond) throws Exception {
    int lost = 0;
    for (int round = 0; lost < times; round++) {
      Victim victim = Victim.values()[random.nextInt(Victim.values().length)];
      System.out.printf("PowerLossTest: round %d, %s%n", round, victim);
      try {
        round(victim, round, changesPerSecond);
      } catch (AssertionError e) {
        throw pair.withLogs(e);
      }
      lost += victim == Victim.BOTH ? 2 : 1;
    }
  }

  private void round(Victim victim, int round, int changesPerSecond) throws Exception {
    Map<String, Long> confirmed = new HashMap<>();
    try (Churn churn =
            Churn.startPublishingDurably(
                pair.alphaTree(), changesPerSecond, Duration.ZERO, seed + round);
        PublishedReader reader = PublishedReader.start(pair.betaTree())) {
      markers.start();
      markers.awaitConfirmations(1, churn);
      Thread.sleep(random.nextInt(1500));
      confirmed.putAll(markers.confirmedNow());
      takeCopies(victim);
      pair.alpha().kill();
      pair.beta().kill();
      assertThat(churn.isRunning()).as("the churn goes on").isTrue();
      markers.stop();
      reader.assertNoneWrong();
    }
    goOnFromCopies(victim);
    markers.goBackTo(confirmed);
    markers.check(pair.betaTree(), "with no agent");
    try (PublishedReader reader = PublishedReader.start(pair.betaTree())) {
      pair.beta().start();
      TestPair.await(
          "the standby looked at its tree",
          () -> pair.beta().logSinceStart().contains("cannot be reached"));
      markers.check(pair.betaTree(), "with the standby alone");
      markers.check(pair.alphaTree(), "on the primary");
      pair.alpha().start();
      pair.alpha().awaitAnswer();
      pair.assertSame();
      reader.assertNoneWrong();
    }
    markers.check(pair.betaTree(), "at the end of round " + round);
  }

  private void takeCopies(Victim victim) {
    // The primary first: a moment later the standby may have more.
    if (victim != Victim.STANDBY) {
      takeCopy("alpha");
    }
    if (victim != Victim.PRIMARY) {
      takeCopy("beta");
    }
  }

  private void takeCopy(String node) {
    LoopFileSystem.run("cp", "--reflink=always", image(node).toString(), copy(node).toString());
  }

  private void goOnFromCopies(Victim victim) throws IOException {
    for (String node : new String[] {"alpha", "beta"}) {
      boolean lost = victim == Victim.BOTH || (victim == Victim.PRIMARY) == node.equals("alpha");
      if (lost) {
        Files.move(copy(node), image(node), StandardCopyOption.REPLACE_EXISTING);
        // As the kernel may number the disks after a reboot.
        LoopFileSystem.remountAsAnotherDevice(home(node), image(node));
      }
    }
  }
}

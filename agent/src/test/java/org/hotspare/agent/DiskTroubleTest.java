package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Status;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.linux.LoopFileSystem.Kind;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One node's disk, with its tree and its state, hangs or is full. */
@Tag("long")
final class DiskTroubleTest {
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final String PRIMARY = "alpha";
  private static final String STANDBY = "beta";
  private static final String WITNESS = "gamma";
  private static final int MEGABYTES = 64;

  @TempDir Path base;
  private @Nullable Disk disk;
  private @Nullable Trio made;

  @AfterEach
  void end() {
    if (disk != null) {
      disk.thaw();
    }
    if (made != null) {
      made.close();
    }
    if (disk != null) {
      disk.close();
    }
  }

  /** A filesystem of its own for all that one node keeps. */
  private static final class Disk implements AutoCloseable {
    private final LoopFileSystem files = LoopFileSystem.create(Kind.EXT4, MEGABYTES);
    private final Path place;
    private boolean frozen;

    Disk(Path place) throws Exception {
      this.place = Files.createDirectory(place);
      LoopFileSystem.run("mount", "--bind", files.path().toString(), place.toString());
    }

    /** Whoever writes to it waits. */
    void freeze() {
      LoopFileSystem.run("fsfreeze", "--freeze", files.path().toString());
      frozen = true;
    }

    void thaw() {
      if (frozen) {
        LoopFileSystem.run("fsfreeze", "--unfreeze", files.path().toString());
        frozen = false;
      }
    }

    /** Up to the last block: what is reserved for writes under way is free again afterwards. */
    void fill() {
      LoopFileSystem.run(
          "sh",
          "-c",
          """
          mkdir "$0" && cd "$0" || exit 1
          for i in 1 2 3; do cat /dev/zero >large-$i; sync -f .; done
          i=0
          while dd if=/dev/zero of=small-$i bs=1 count=1 conv=fsync; do i=$((i + 1)); done
          true
          """,
          filling().toString());
    }

    void empty() {
      LoopFileSystem.run("rm", "-r", filling().toString());
    }

    private Path filling() {
      return files.path().resolve("filling");
    }

    @Override
    public void close() {
      LoopFileSystem.run("umount", place.toString());
      files.close();
    }
  }

  /** Alpha is primary, and beta may take over. */
  private Trio start(String nodeWithDisk) throws Exception {
    disk = new Disk(base.resolve(nodeWithDisk));
    Trio trio = Trio.make(base, LEASE);
    made = trio;
    trio.startReady();
    trio.watch(
        () -> {
          Files.writeString(trio.tree(PRIMARY).resolve("confirmed"), "content");
          trio.barrier(PRIMARY);
        });
    return trio;
  }

  private Disk disk() {
    if (disk == null) {
      throw new IllegalStateException("not started");
    }
    return disk;
  }

  private static List<String> failingChecks(Trio trio, String node) {
    try {
      return trio.agent(node).client().status().checks().stream()
          .filter(check -> !check.passing())
          .map(Status.CheckStatus::name)
          .toList();
    } catch (CommandFailure notNow) {
      return List.of();
    }
  }

  @Test
  void aPrimaryWhoseDiskHangsIsReplacedAndIsNoneAfterwards() throws Exception {
    Trio trio = start(PRIMARY);
    trio.watch(
        () -> {
          try (PrimaryPolls polls = trio.pollPrimaries()) {
            polls.await(PRIMARY);
            disk().freeze();
            long frozen = System.nanoTime();
            trio.awaitPrimary(STANDBY);
            System.out.printf(
                "DiskTroubleTest: %s is primary %d ms after the disk of %s began to hang%n",
                STANDBY, (System.nanoTime() - frozen) / 1_000_000, PRIMARY);
            assertThat(trio.tree(STANDBY).resolve("confirmed")).hasContent("content");
            Files.writeString(trio.tree(STANDBY).resolve("afterwards"), "new");
            disk().thaw();
            trio.awaitPromotable(STANDBY, PRIMARY);
            trio.barrier(STANDBY);
            trio.assertSame();
            polls.assertMoved(PRIMARY, STANDBY);
          }
        });
  }

  @Test
  void aPrimaryWhoseDiskIsFullHandsOverAndFollows() throws Exception {
    Trio trio = start(PRIMARY);
    trio.watch(
        () -> {
          disk().fill();
          trio.awaitPrimary(STANDBY);
          assertThat(trio.tree(STANDBY).resolve("confirmed")).hasContent("content");
          await("it says so", () -> failingChecks(trio, PRIMARY).contains("state directory"));
          disk().empty();
          await("it says nothing more", () -> failingChecks(trio, PRIMARY).isEmpty());
          trio.awaitPromotable(STANDBY, PRIMARY);
          trio.barrier(STANDBY);
          trio.assertSame();
        });
  }

  /** A standby that runs out of space leaves the primary where it is. */
  @Test
  void aStandbyWhoseDiskIsFullStopsNothingAndIsNotPromoted() throws Exception {
    Trio trio = start(STANDBY);
    trio.watch(
        () -> {
          disk().fill();
          await("it says so", () -> failingChecks(trio, STANDBY).contains("state directory"));
          Files.writeString(trio.tree(PRIMARY).resolve("large"), "x".repeat(100_000));
          await("barriers do not wait for it", () -> !trio.promotableAt(PRIMARY).contains(STANDBY));
          assertThat(trio.primaryOf(Trio.DATA_NODES)).isEqualTo(PRIMARY);
          disk().empty();
          trio.awaitPromotable(PRIMARY, STANDBY);
          trio.barrier(PRIMARY);
          trio.assertSame();
        });
  }

  /** It cannot keep what it promises, so it promises nothing: nobody is promoted by its vote. */
  @Test
  void aWitnessWithoutDiskSpaceMovesNothingAndDoesNotVote() throws Exception {
    Trio trio = start(WITNESS);
    trio.watch(
        () -> {
          disk().fill();
          await("it says so", () -> failingChecks(trio, WITNESS).contains("state directory"));
          assertThat(trio.primaryOf(Trio.DATA_NODES)).isEqualTo(PRIMARY);
          trio.barrier(PRIMARY);
          trio.agent(PRIMARY).kill();
          Thread.sleep(5 * LEASE.toMillis());
          assertThat(trio.primaryOf(List.of(STANDBY))).as("without its vote").isEmpty();
          disk().empty();
          trio.awaitPrimary(STANDBY);
          assertThat(trio.tree(STANDBY).resolve("confirmed")).hasContent("content");
          trio.agent(PRIMARY).start();
          trio.awaitPromotable(STANDBY, PRIMARY);
        });
  }
}

package org.hotspare.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.hotspare.linux.LoopFileSystem;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The power goes at random moments while an index is written.
 *
 * <p>The index lies on an ext4 filesystem in an image. The image is a file on XFS, and cloning it
 * is atomic: the clone is what the disk held at one instant. What only the page cache had is not in
 * it, exactly as after a loss of power. (A plain copy would mix what the disk held at different
 * moments, which no disk does.) What it cannot show is a disk that loses or reorders what its own
 * cache holds; that is what the barriers within fsync are for.
 */
class PowerLossIndexTest {
  private static final int IMAGE_MEGABYTES = 1000;

  /** The log is moved into the database many times a second. */
  private static final long OFTEN = 300_000;

  /** Only syncing the log makes anything durable. */
  private static final long NEVER = Long.MAX_VALUE;

  private final long seed = System.nanoTime();
  private final SplittableRandom random = new SplittableRandom(seed);
  private final RandomHistory history = new RandomHistory(seed);
  private LoopFileSystem host;
  private Path image;
  private Path live;

  @BeforeEach
  void mount() throws IOException {
    System.out.println("PowerLossIndexTest: seed " + seed);
    host = LoopFileSystem.create(LoopFileSystem.Kind.XFS, 3000);
    image = host.path().resolve("image");
    live = Files.createDirectory(host.path().resolve("live"));
    LoopFileSystem.run("truncate", "-s", IMAGE_MEGABYTES + "M", image.toString());
    LoopFileSystem.run("mkfs.ext4", "-q", "-F", image.toString());
    LoopFileSystem.run("mount", "-o", "loop", image.toString(), live.toString());
  }

  @AfterEach
  void unmount() {
    // Whatever a failed test left mounted below goes with it.
    host.close();
  }

  @Test
  void nothingDurableIsLostFromTheLog() throws IOException {
    losePower(4, NEVER);
  }

  @Test
  void nothingDurableIsLostWhileTheLogStartsAnew() throws IOException {
    losePower(4, OFTEN);
  }

  @Test
  @Tag("long")
  void nothingDurableIsLostInManyTries() throws IOException {
    losePower(40, OFTEN);
    for (int disk = 0; disk < 5; disk++) {
      // A log that only grows fills its disk in the end.
      unmount();
      mount();
      losePower(4, NEVER);
    }
  }

  private void losePower(int times, long checkpointBytes) throws IOException {
    try (Writer writer = new Writer(live.resolve("index.db"), checkpointBytes)) {
      for (int round = 0; round < times; round++) {
        long until = System.nanoTime() + random.nextLong(500_000_000);
        while (System.nanoTime() < until) {
          LockSupport.parkNanos(until - System.nanoTime());
        }
        writer.requireAlive();
        long promised = writer.durable.get();
        Path copy = host.path().resolve("copy");
        LoopFileSystem.run("cp", "--reflink=always", image.toString(), copy.toString());
        check(copy, promised);
        Files.delete(copy);
      }
    }
  }

  private void check(Path copy, long promised) throws IOException {
    Path mounted = Files.createDirectories(host.path().resolve("after"));
    LoopFileSystem.run("mount", "-o", "loop", copy.toString(), mounted.toString());
    try {
      Path file = mounted.resolve("index.db");
      try (Index index = Index.open(file);
          Snapshot snapshot = index.snapshot()) {
        long found = RandomHistory.last(snapshot);
        assertThat(found).isGreaterThanOrEqualTo(promised);
        RandomHistory.assertSame(snapshot, history.after(found));
      }
      assertThat(integrity(file)).isEqualTo("ok");
    } finally {
      LoopFileSystem.run("umount", mounted.toString());
    }
  }

  /** More than the index itself looks at: also whether SQLite's indexes agree with the tables. */
  private static String integrity(Path file) {
    try (Database database = Database.open(file, Database.Use.READ)) {
      String result = database.prepared("PRAGMA integrity_check").first(row -> row.text(1));
      return result == null ? "no result" : result;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Writes transactions as fast as it can, every eighth durable, sometimes beside a snapshot. */
  private final class Writer implements AutoCloseable {
    private final AtomicLong durable = new AtomicLong();
    private final Index index;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile @Nullable Throwable failure;

    Writer(Path file, long checkpointBytes) {
      index = Index.open(file, checkpointBytes);
      thread =
          Thread.ofPlatform()
              .uncaughtExceptionHandler((failed, e) -> failure = e)
              .start(this::write);
    }

    private void write() {
      SplittableRandom own = new SplittableRandom(seed + 1);
      for (long step = 1; !stopped; step++) {
        long now = step;
        Durability durability = own.nextInt(8) == 0 ? Durability.DURABLE : Durability.FAST;
        index.update(durability, writer -> history.apply(writer, now));
        if (durability == Durability.DURABLE) {
          durable.set(step);
        }
        if (own.nextInt(50) == 0) {
          try (Snapshot snapshot = index.snapshot()) {
            index.update(Durability.FAST, writer -> writer.putFact("beside", null));
            assertThat(RandomHistory.last(snapshot)).isEqualTo(step);
          }
        }
      }
    }

    void requireAlive() {
      assertThat(failure).isNull();
      assertThat(thread.isAlive()).isTrue();
    }

    @Override
    public void close() {
      stopped = true;
      try {
        assertThat(thread.join(Duration.ofSeconds(30))).isTrue();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      index.close();
    }
  }
}

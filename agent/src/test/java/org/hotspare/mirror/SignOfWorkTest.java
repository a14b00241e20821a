package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.mirror.FakePrimary.at;
import static org.hotspare.mirror.FakePrimary.begin;
import static org.hotspare.mirror.FakePrimary.directory;
import static org.hotspare.mirror.FakePrimary.rows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hotspare.agent.TestPair;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whether a primary can tell a standby that works from one that hangs. */
@Timeout(120)
class SignOfWorkTest {
  private static final Duration LONG = Duration.ofMillis(50);

  @TempDir Path base;
  private final SignOfWork signs = new SignOfWork(LONG);

  /** What the number is at the end of a while in which it may have changed. */
  private long after(Duration time) throws InterruptedException {
    long started = System.nanoTime();
    TestPair.await("time", () -> System.nanoTime() - started > time.toNanos());
    return signs.getAsLong();
  }

  @Test
  void whoComputesWithinOneThingShowsIt() throws Exception {
    CountDownLatch enough = new CountDownLatch(1);
    Thread busy =
        Thread.ofPlatform()
            .start(
                () -> {
                  signs.works();
                  while (enough.getCount() > 0) {
                    Thread.onSpinWait();
                  }
                });
    try {
      long before = after(LONG.multipliedBy(2));
      TestPair.await("it shows", () -> signs.getAsLong() > before);
    } finally {
      enough.countDown();
      busy.join();
    }
  }

  @Test
  void whoHangsWithinOneThingShowsNothing() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    Thread hanging =
        Thread.ofPlatform()
            .start(
                () -> {
                  signs.works();
                  try {
                    never.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    try {
      TestPair.await("it hangs", () -> hanging.getState() == Thread.State.WAITING);
      long before = after(LONG.multipliedBy(2));
      assertThat(after(LONG.multipliedBy(10))).isEqualTo(before);
    } finally {
      never.countDown();
      hanging.join();
    }
  }

  @Test
  void onlyFramesCountOfWhatIsSoonDone() throws Exception {
    SignOfWork seldom = new SignOfWork(Duration.ofHours(1));
    seldom.works();
    long before = seldom.getAsLong();
    long started = System.nanoTime();
    while (System.nanoTime() - started < LONG.toNanos()) {
      Thread.onSpinWait();
    }
    assertThat(seldom.getAsLong()).isEqualTo(before);
    seldom.took();
    assertThat(seldom.getAsLong()).isNotEqualTo(before);
  }

  @Test
  void whatADiskHasWrittenIsKnown() throws IOException {
    try (LoopFileSystem disk = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64);
        DirFd root = disk.open()) {
      Path statistics = SignOfWork.statistics(root.stat());
      long before = SignOfWork.writes(statistics);
      Files.write(disk.path().resolve("file"), new byte[8 << 20]);
      signs.sync(root);
      assertThat(SignOfWork.writes(statistics)).isGreaterThan(before);
    }
  }

  @Test
  void aFileSystemWithoutADiskHasWrittenNothing() throws IOException {
    try (LoopFileSystem memory = LoopFileSystem.create(LoopFileSystem.Kind.TMPFS, 8);
        DirFd root = memory.open()) {
      Files.write(memory.path().resolve("file"), new byte[1 << 20]);
      signs.sync(root);
      assertThat(SignOfWork.writes(SignOfWork.statistics(root.stat()))).isZero();
    }
  }

  @Test
  void aStandbyShowsThatItTakesFramesAndNothingWhileItWaits() throws Exception {
    try (FakePrimary primary = new FakePrimary(base)) {
      Link link = primary.connected();
      assertThat(FakePrimary.subscription(link).emptyTree()).isTrue();
      CompletableFuture<String> end =
          CompletableFuture.supplyAsync(() -> FakePrimary.refusal(link));
      link.sendNow(FakePrimary.agreed(Frame.Mode.FIRST_COPY));
      TestPair.await("nothing to show", () -> link.idle().toSeconds() >= 6);
      assertThat(link.isClosed()).isFalse();
      link.send(begin(Frame.Mode.FIRST_COPY, 0, 1));
      link.send(rows(directory(1, 1)));
      link.sendNow(new Frame.CutEnd(at(1)));
      TestPair.await("it shows", () -> link.idle().toSeconds() < 1);
      link.close();
      assertThat(end.get(20, TimeUnit.SECONDS)).isEmpty();
    }
  }
}

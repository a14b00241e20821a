package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who waits for the whole tree to be known is told when it is. */
final class FirstScanTest {
  @TempDir Path base;

  /** A first copy that began during the scan of a tree in which nothing happens waits for it. */
  @Test
  void theEndOfAScanIsToldThoughItNumberedNothing() throws Exception {
    Path tree = Files.createDirectory(base.resolve("tree"));
    Path state = Files.createDirectory(base.resolve("state"));
    Files.writeString(tree.resolve("file"), "content");
    try (Followed before = new Followed(tree, state, new Problems()).start()) {
      before.tracker.drain().get(60, TimeUnit.SECONDS);
    }
    CountDownLatch told = new CountDownLatch(1);
    try (Followed followed = new Followed(tree, state, new Problems())) {
      followed.tracker.onChange(
          () -> {
            if (followed.tracker.isFirstScanDone()) {
              told.countDown();
            }
          });
      followed.start();
      assertThat(told.await(60, TimeUnit.SECONDS)).as("told").isTrue();
    }
  }
}

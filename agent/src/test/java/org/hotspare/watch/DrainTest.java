package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who asks for all that happened until now gets it, whatever goes on happening. */
final class DrainTest {
  private static final int ROUNDS = 5;
  private static final int WRITERS = 4;

  @TempDir Path base;

  @Test
  void aDrainEndsInATreeThatNeverRests() throws Exception {
    Path tree = Files.createDirectory(base.resolve("tree"));
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService writers = Executors.newFixedThreadPool(WRITERS);
        Followed followed = new Followed(tree, base.resolve("state"), new Problems()).start()) {
      followed.settle();
      List<Future<Long>> made = new ArrayList<>();
      for (int writer = 0; writer < WRITERS; writer++) {
        made.add(writers.submit(replacing(tree.resolve("replaced-" + writer), over)));
      }
      try {
        for (int round = 0; round < ROUNDS; round++) {
          Path directory = Files.createDirectories(tree.resolve("kept-" + round + "/below"));
          Files.writeString(directory.resolve("file"), "content");
          Files.createLink(tree.resolve("link-" + round), directory.resolve("file"));
          if (round > 0) {
            Files.delete(tree.resolve("link-" + (round - 1)));
          }
          followed.settle();
          assertThat(followed.id("kept-" + round + "/below/file"))
              .isEqualTo(followed.id("link-" + round));
          assertThat(followed.at("link-" + (round - 1))).isEmpty();
        }
      } finally {
        over.set(true);
      }
      for (Future<Long> writer : made) {
        assertThat(writer.get(60, TimeUnit.SECONDS)).as("files made meanwhile").isPositive();
      }
      followed.settle();
      assertThat(followed.at("replaced-0/0")).isEmpty();
    }
  }

  /** Makes and removes files, and directories with a file, as fast as that goes. */
  private static Callable<Long> replacing(Path directory, AtomicBoolean over) throws IOException {
    Files.createDirectory(directory);
    return () -> {
      long made = 0;
      while (!over.get()) {
        Path file = directory.resolve(Long.toString(made % 100));
        Files.writeString(file, "content");
        Path child = Files.createDirectory(directory.resolve("d" + made % 100));
        Files.writeString(child.resolve("file"), "content");
        Files.delete(child.resolve("file"));
        Files.delete(child);
        Files.delete(file);
        made++;
      }
      return made;
    };
  }
}

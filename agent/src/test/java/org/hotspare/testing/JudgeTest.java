package org.hotspare.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JudgeTest {
  /** As exact as a copy by other programs gets. */
  private static void copy(Path from, Path to) {
    Command.succeed(
        List.of(
            "rsync", "-aHAXS", "--modify-window=-1", "--numeric-ids", from + "/", to.toString()));
  }

  @Test
  void copyOfTheZooIsTheSame(@TempDir Path directory) throws IOException {
    Path zoo = directory.resolve("zoo");
    Path copy = directory.resolve("copy");
    Zoo.make(zoo);
    try {
      copy(zoo, copy);
      // The only thing that rsync, told to make holes, gets wrong.
      Command.succeed(
          List.of(
              "cp",
              "-p",
              "--sparse=never",
              zoo + "/holes/zeros, not holes",
              copy + "/holes/zeros, not holes"));
      Judge.assertSameTree(zoo, copy, Duration.ZERO);

      Files.writeString(copy.resolve("links/alone"), "another\n");
      assertThatExceptionOfType(AssertionError.class)
          .isThrownBy(() -> Judge.assertSameTree(zoo, copy, Duration.ZERO))
          .withMessageContaining("links/alone");
      Judge.assertSameTree(zoo, copy, Duration.ZERO, "links/alone");
    } finally {
      Zoo.delete(zoo);
      Zoo.delete(copy);
    }
  }

  @Test
  void pathsBeyondTheKernelsLimitAreCompared(@TempDir Path directory) {
    Path zoo = directory.resolve("zoo");
    Zoo.makeBeyondPathMax(zoo);
    try {
      // No common program copies such paths, so the tree is compared with itself.
      assertThat(Command.succeed(Command.script("compare_trees", zoo, zoo)))
          .contains("entries are the same");
    } finally {
      Zoo.delete(zoo);
    }
  }

  @Test
  void treeUnderChurnDiffersFromItsCopyAndAfterwardsIsTheSame(@TempDir Path directory)
      throws IOException {
    Path made = Files.createDirectory(directory.resolve("made"));
    Path tree = directory.resolve("tree");
    Path copy = directory.resolve("copy");
    try (Churn churn = Churn.startPublishing(made, 1000, Duration.ofSeconds(2), 1);
        PublishedReader reader = PublishedReader.start(made)) {
      churn.await();
      assertThat(churn.isRunning()).isFalse();
      reader.assertNoneWrong();
    }
    // rsync makes holes of zeros; copying its own copy finds them where they are.
    copy(made, tree);
    copy(tree, copy);
    Judge.assertSameTree(tree, copy, Duration.ZERO);
    try (Churn churn = Churn.start(tree, 200, Duration.ofSeconds(1), 2)) {
      churn.await();
    }
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> Judge.assertSameTree(tree, copy, Duration.ZERO));
  }

  @Test
  void publishedFileWithAWrongChecksumIsSeen(@TempDir Path tree) throws IOException {
    Path published = Files.createDirectory(tree.resolve("published"));
    Files.writeString(published.resolve("p1"), "0".repeat(64) + "\nhalf a file");
    try (PublishedReader reader = PublishedReader.start(tree)) {
      assertThatExceptionOfType(AssertionError.class)
          .isThrownBy(reader::assertNoneWrong)
          .withMessageContaining("published/p1");
    }
  }

  @Test
  void openWritersWriteWhileTheyRun(@TempDir Path directory) throws IOException {
    Path mapped = directory.resolve("mapped");
    try (OpenWriter writer = OpenWriter.mapping(mapped, 8192, true)) {
      writer.store(5, "stored");
      assertThat(Files.readString(mapped)).startsWith(".....stored.").hasSize(8192);
    }
    Path filled = directory.resolve("filled");
    try (OpenWriter writer = OpenWriter.asynchronous(filled, 8192, false)) {
      writer.fill(3, 2, 'x');
      assertThat(Files.readString(filled)).startsWith("...xx.").hasSize(8192);
    }
  }
}

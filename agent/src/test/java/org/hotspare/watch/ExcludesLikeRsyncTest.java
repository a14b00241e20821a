package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.hotspare.tree.RelPath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same patterns on the same random trees, by rsync and by us. */
class ExcludesLikeRsyncTest {
  private static final List<String> NAMES =
      List.of("a", "b", "ab", "ba", "aab", "a.b", "c-", "]", "[a]", "A1", "b*", "\\a");
  private static final List<String> PIECES =
      List.of(
          "a",
          "b",
          "ab",
          "*",
          "**",
          "***",
          "?",
          "[ab]",
          "[!a]",
          "[^b]",
          "[a-b]",
          "[]]",
          "[[:alpha:]]",
          "[[:upper:]]",
          "[[:nope:]]",
          "[",
          "]",
          ".",
          "-",
          "\\a",
          "\\*",
          "[\\]a]",
          "[a-]",
          "1",
          "[a-c-]");
  private static final int ROUNDS = 150;

  @TempDir Path scratch;

  @Test
  void choosesTheSameFiles() throws Exception {
    long seed = System.nanoTime();
    System.out.println("ExcludesLikeRsyncTest seed " + seed);
    Random random = new Random(seed);
    Path tree = scratch.resolve("tree");
    Path empty = Files.createDirectory(scratch.resolve("empty"));
    TreeSet<String> all = grow(tree, random);
    for (int round = 0; round < ROUNDS; round++) {
      List<String> patterns = new ArrayList<>();
      for (int i = 0; i <= random.nextInt(4); i++) {
        patterns.add(pattern(random));
      }
      assertThat(ours(all, patterns))
          .as("seed %d, round %d, patterns %s", seed, round, patterns)
          .isEqualTo(rsyncs(tree, empty, patterns));
    }
  }

  private static String pattern(Random random) {
    StringBuilder pattern = new StringBuilder();
    if (random.nextInt(3) == 0) {
      pattern.append(random.nextInt(3) == 0 ? "- " : "+ ");
    }
    if (random.nextInt(3) == 0) {
      pattern.append('/');
    }
    int parts = 1 + random.nextInt(3);
    for (int part = 0; part < parts; part++) {
      pattern.append(part > 0 ? "/" : "");
      for (int i = 0; i <= random.nextInt(3); i++) {
        pattern.append(PIECES.get(random.nextInt(PIECES.size())));
      }
    }
    return pattern.append(random.nextInt(4) == 0 ? "/" : "").toString();
  }

  /** Directories end with a slash in the answer, as rsync prints them. */
  private static TreeSet<String> grow(Path tree, Random random) throws IOException {
    Files.createDirectories(tree);
    List<Path> directories = new ArrayList<>(List.of(tree));
    for (int i = 0; i < 120; i++) {
      Path parent = directories.get(random.nextInt(directories.size()));
      Path child = parent.resolve(NAMES.get(random.nextInt(NAMES.size())));
      if (Files.exists(child)) {
        continue;
      }
      if (random.nextInt(3) == 0) {
        directories.add(Files.createDirectory(child));
      } else {
        Files.createFile(child);
      }
    }
    TreeSet<String> all = new TreeSet<>();
    try (Stream<Path> walk = Files.walk(tree)) {
      walk.filter(path -> !path.equals(tree))
          .forEach(path -> all.add(tree.relativize(path) + (Files.isDirectory(path) ? "/" : "")));
    }
    return all;
  }

  private static TreeSet<String> ours(TreeSet<String> all, List<String> patterns) {
    Excludes excludes = Excludes.of(patterns);
    TreeSet<String> kept = new TreeSet<>();
    for (String shown : all) {
      boolean directory = shown.endsWith("/");
      RelPath path = RelPath.of(directory ? shown.substring(0, shown.length() - 1) : shown);
      if (!excludes.excludes(path, directory)) {
        kept.add(shown);
      }
    }
    return kept;
  }

  private static TreeSet<String> rsyncs(Path tree, Path empty, List<String> patterns)
      throws Exception {
    List<String> command = new ArrayList<>(List.of("rsync", "-rn", "-8", "--out-format=%n"));
    for (String pattern : patterns) {
      command.add("--exclude=" + pattern);
    }
    command.add(tree + "/");
    command.add(empty + "/");
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", command, output).isZero();
    TreeSet<String> kept = new TreeSet<>();
    output.lines().filter(line -> !line.equals("./")).forEach(kept::add);
    return kept;
  }
}

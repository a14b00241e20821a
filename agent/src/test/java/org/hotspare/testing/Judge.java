package org.hotspare.testing;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Says whether two trees are the same: only if rsync, in both directions, and {@code
 * compare_trees.py} both find no difference. The mirror's own directory in a root is no part of it.
 */
public final class Judge {
  private static final String WORK_DIRECTORY = ".hotspare";

  /** The root's own time changes when the work directory is made in it. */
  private static final Pattern TIME_OF_THE_ROOT = Pattern.compile("\\.d\\.\\.t\\.+ \\./");

  private static final Pattern LINES = Pattern.compile("\n");
  private static final int SHOWN = 40;

  private Judge() {}

  /**
   * Waits until the trees are the same.
   *
   * @param excluded paths relative to the roots that are no part of them
   * @throws AssertionError with the differences, if they are not within the limit
   */
  public static void assertSameTree(Path one, Path other, Duration limit, String... excluded) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      String found = compare(one, other, Duration.ZERO, false, excluded);
      if (found.isEmpty()) {
        found = rsync(one, other, excluded) + rsync(other, one, excluded);
      }
      if (found.isEmpty()) {
        return;
      }
      Duration left = Duration.ofNanos(deadline - System.nanoTime());
      if (!left.isPositive()) {
        throw new AssertionError(
            one + " and " + other + " are not the same within " + limit + "\n" + found);
      }
      // Cheap rounds until it looks right.
      compare(one, other, left, true, excluded);
    }
  }

  /**
   * Waits until the trees are the same by {@code compare_trees.py} alone: rsync refuses paths of
   * more than 4096 bytes.
   *
   * @throws AssertionError with the differences, if they are not within the limit
   */
  public static void assertSameBeyondPathMax(Path one, Path other, Duration limit) {
    String found = compare(one, other, limit, false);
    if (!found.isEmpty()) {
      throw new AssertionError(
          one + " and " + other + " are not the same within " + limit + "\n" + found);
    }
  }

  private static String compare(
      Path one, Path other, Duration wait, boolean quick, String... excluded) {
    List<String> command =
        Command.script("compare_trees", one, other, "--wait", wait.toMillis() / 1000.0);
    if (quick) {
      command.add("--quick");
    }
    for (String path : excluded) {
      command.add("--exclude");
      command.add(path);
    }
    Command.Result result = Command.run(wait.plusMinutes(5), command);
    return result.status() == 0 ? "" : "compare_trees: " + result.output();
  }

  private static String rsync(Path from, Path to, String... excluded) {
    List<String> command = new ArrayList<>(List.of("rsync", "-anciHAXS", "--modify-window=-1"));
    command.addAll(List.of("--delete", "--numeric-ids", "--exclude=/" + WORK_DIRECTORY + "/"));
    for (String path : excluded) {
      command.add("--exclude=/" + path);
    }
    command.add(from + "/");
    command.add(to + "/");
    Command.Result result = Command.run(Duration.ofMinutes(10), command);
    boolean timeMayDiffer = hasWorkDirectory(from) || hasWorkDirectory(to);
    String lines =
        LINES
            .splitAsStream(result.output())
            .filter(line -> !line.isEmpty())
            .filter(line -> !timeMayDiffer || !TIME_OF_THE_ROOT.matcher(line).matches())
            .limit(SHOWN)
            .collect(Collectors.joining("\n"));
    if (lines.isEmpty() && result.status() == 0) {
      return "";
    }
    return "rsync " + from + " to " + to + ", status " + result.status() + ":\n" + lines + "\n";
  }

  private static boolean hasWorkDirectory(Path root) {
    return Files.exists(root.resolve(WORK_DIRECTORY), LinkOption.NOFOLLOW_LINKS);
  }
}

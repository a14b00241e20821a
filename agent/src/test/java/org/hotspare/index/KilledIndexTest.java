package org.hotspare.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.hotspare.testing.JavaProgram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that writes is killed, again and again; all that it said was committed is there. */
class KilledIndexTest {
  private static final int ROUNDS = 6;

  @TempDir private Path directory;

  /** What is killed: it prints the number of every transaction that was committed. */
  static final class Child {
    public static void main(String[] arguments) {
      RandomHistory history = new RandomHistory(Long.parseLong(arguments[1]));
      SplittableRandom random = new SplittableRandom();
      PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
      try (Index index = Index.open(Path.of(arguments[0]), 100_000)) {
        while (true) {
          // Both kinds survive the death of the process.
          Durability durability = random.nextInt(4) == 0 ? Durability.DURABLE : Durability.FAST;
          long step =
              index.write(
                  durability,
                  writer -> {
                    long next = RandomHistory.last(writer) + 1;
                    history.apply(writer, next);
                    return next;
                  });
          out.println(step);
        }
      }
    }
  }

  @Test
  void nothingCommittedIsLost() throws IOException, InterruptedException {
    long seed = System.nanoTime();
    System.out.println("KilledIndexTest: seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    Path file = directory.resolve("index.db");
    for (int round = 0; round < ROUNDS; round++) {
      long said = runAndKill(file, seed, random.nextInt(1, 400));
      try (Index index = Index.open(file);
          Snapshot snapshot = index.snapshot()) {
        assertThat(index.wasCleanlyClosed()).isFalse();
        long found = RandomHistory.last(snapshot);
        // The last one may have been committed without there being time to say so.
        assertThat(found).isBetween(said, said + 1);
        RandomHistory.assertSame(snapshot, new RandomHistory(seed).after(found));
      }
    }
    try (Index index = Index.open(file)) {
      assertThat(index.wasCleanlyClosed()).isTrue();
    }
  }

  /** The number of the last transaction that the child said was committed. */
  private static long runAndKill(Path file, long seed, int transactions)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(JavaProgram.command(Child.class, file.toString(), Long.toString(seed)))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    long last = 0;
    try (BufferedReader reader = process.inputReader(StandardCharsets.US_ASCII)) {
      for (int i = 0; i < transactions; i++) {
        last = Long.parseLong(String.valueOf(reader.readLine()));
      }
      // Through its handle: the process's own method would close the pipe that is still to be read.
      process.toHandle().destroyForcibly();
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        // A line that the kill cut short is a smaller number.
        last = line.isEmpty() ? last : Math.max(last, Long.parseLong(line));
      }
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return last;
  }
}

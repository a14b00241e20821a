package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the configuration allows the mirror to take of the machine is what it takes. */
final class LimitsTest {
  private static final double SHARE = 0.25;

  /** Used at once because nothing was used before, and what is running when the limit is met. */
  private static final double SLACK_SECONDS = 0.7;

  @TempDir Path base;

  private record Used(double processorSeconds, double wallSeconds) {
    double share() {
      return processorSeconds / wallSeconds;
    }
  }

  private static double processorSeconds() {
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return system.getProcessCpuTime() / 1e9;
  }

  private static void fill(Path tree, int files, int bytes) throws Exception {
    byte[] content = new byte[bytes];
    Random random = new Random(1);
    for (int i = 0; i < files; i++) {
      Path directory = Files.createDirectories(tree.resolve("d" + i % 50));
      random.nextBytes(content);
      Files.write(directory.resolve("f" + i), content);
    }
  }

  private Used firstCopy(String name, String limits) throws Exception {
    Path home = base.resolve(name);
    Path tree = home.resolve("alpha/tree");
    fill(tree, 4000, 8 << 10);
    double processor = processorSeconds();
    long started = System.nanoTime();
    try (TestPair pair = TestPair.make(home, tree, home.resolve("beta/tree"), "", limits).start()) {
      pair.barrier();
      double wall = (System.nanoTime() - started) / 1e9;
      Used used = new Used(processorSeconds() - processor, wall);
      pair.assertSame();
      return used;
    }
  }

  @Test
  void aFirstCopyUsesNoMoreOfTheProcessorsThanItMay() throws Exception {
    Used free = firstCopy("free", "");
    Used limited = firstCopy("limited", "limits: {cpu: 25%}");
    System.out.println("LimitsTest with a limit " + limited + ", without " + free);
    assertThat(limited.processorSeconds())
        .as("%s", limited)
        .isLessThan(SHARE * limited.wallSeconds() + SLACK_SECONDS);
    assertThat(limited.processorSeconds())
        .as("enough was done for the limit to matter: %s", limited)
        .isGreaterThan(SLACK_SECONDS);
    assertThat(limited.share()).isLessThan(free.share());
  }

  @Test
  void whatIsSentToANodeKeepsToTheLimitOfThatNode() throws Exception {
    int bytes = 3 << 20;
    try (TestPair pair = TestPair.withBandwidth(base, "1MB/s").start()) {
      pair.barrier();
      byte[] content = new byte[bytes];
      new Random(2).nextBytes(content);
      long started = System.nanoTime();
      Files.write(pair.alpha().tree().resolve("large"), content);
      pair.barrier();
      double seconds = (System.nanoTime() - started) / 1e9;
      assertThat(bytes / seconds).as("bytes per second").isLessThan(1.2e6);
      pair.assertSame();
    }
  }
}

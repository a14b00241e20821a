package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.admin.WaitResult;
import org.hotspare.testing.Judge;
import org.hotspare.testing.OpenWriter;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What raises no event is found while the file is still open, and looking for it costs little. By
 * nobody but the sweep: no barrier is asked for.
 */
final class NoEventTest {
  private static final Duration FOUND_WITHIN = Duration.ofSeconds(60);
  private static final int SIZE = 64 << 10;

  @Tag("long")
  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"EXT4", "BTRFS"})
  void mappedAndAsynchronousWritesAreFoundElsewhere(PairOn.Place place) throws Exception {
    mappedAndAsynchronousWritesAreFound(place);
  }

  @ParameterizedTest
  @EnumSource(names = {"EXT4", "BTRFS"})
  void mappedAndAsynchronousWritesAreFound(PairOn.Place place) throws Exception {
    try (PairOn on = PairOn.make(place, 100)) {
      on.pair().start();
      try (OpenWriter mapped = OpenWriter.mapping(on.tree().resolve("mapped"), SIZE, true);
          OpenWriter direct = OpenWriter.asynchronous(on.tree().resolve("direct"), SIZE, true);
          OpenWriter cached = OpenWriter.asynchronous(on.tree().resolve("cached"), SIZE, false)) {
        on.pair().assertSame();
        mapped.store(100, "through-a-clean-page");
        direct.fill(4096, 8192, 'd');
        cached.fill(1000, 10_000, 'c');
        Judge.assertSameTree(on.tree(), on.copy(), FOUND_WITHIN);
        // Neither mtime nor ctime tells of this one: the page is dirty already.
        mapped.store(200, "through-a-dirty-page");
        direct.fill(16384, 4096, 'D');
        cached.fill(1000, 10, 'C');
        Judge.assertSameTree(on.tree(), on.copy(), FOUND_WITHIN);
        assertThat(Files.readString(on.copy().resolve("mapped"))).contains("through-a-dirty-page");
      }
      on.pair().assertSame();
    }
  }

  /** Without a word of the kernel's, and before the sweep comes by. */
  @Test
  void aBarrierCoversWhatIsStoredIntoAMapping() throws Exception {
    try (PairOn on = PairOn.make(PairOn.Place.EXT4, 100)) {
      on.pair().start();
      Path file = on.tree().resolve("mapped");
      Files.writeString(file, ".".repeat(SIZE));
      on.pair().assertSame();
      try (OpenWriter mapped = OpenWriter.mapping(file, SIZE, true)) {
        for (int i = 0; i < 4; i++) {
          String stored = "before-barrier-" + i;
          mapped.store(100L * i, stored);
          on.pair().barrier();
          assertThat(Files.readString(on.copy().resolve("mapped"))).contains(stored);
        }
      }
    }
  }

  @Test
  void aBarrierSaysWhatItCannotRead() throws Exception {
    try (PairOn on = PairOn.make(PairOn.Place.EXT4, 100)) {
      on.pair().start();
      Path file = on.tree().resolve("file");
      Files.writeString(file, "content");
      on.pair().assertSame();
      // Whoever opens a file with a lease waits until it is given up.
      String leases =
          """
          import fcntl, os, signal, sys
          signal.signal(signal.SIGIO, signal.SIG_IGN)
          file = os.open(sys.argv[1], os.O_RDWR)
          fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
          print('leased', flush=True)
          sys.stdin.readline()
          """;
      Process owner = new ProcessBuilder("python3", "-c", leases, file.toString()).start();
      try {
        assertThat(owner.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo("leased");
        WaitResult result = on.pair().tryBarrier(Duration.ofSeconds(3));
        assertThat(result.durable()).isFalse();
        assertThat(result.missing().toString()).contains("1 file").contains("open for writing");
      } finally {
        owner.destroyForcibly().waitFor();
      }
      on.pair().assertSame();
    }
  }

  @Test
  void manyFilesThatStayOpenCostATwentiethOfACore() throws Exception {
    try (PairOn on = PairOn.make(PairOn.Place.TMPFS, 800)) {
      on.pair().start();
      List<OpenWriter> writers = new ArrayList<>();
      try {
        for (int i = 0; i < 16; i++) {
          Path file = on.tree().resolve("mapped" + i);
          writers.add(OpenWriter.mapping(file, 20L << 20, true));
        }
        on.pair().barrier();
        long started = System.nanoTime();
        long before = cpuOfTheSweep();
        // Several passes of five seconds each.
        Thread.sleep(Duration.ofSeconds(20));
        double share = (double) (cpuOfTheSweep() - before) / (System.nanoTime() - started);
        System.out.printf("NoEventTest: %.2f %% of a core%n", share * 100);
        // The passes over the processes and the reading of what they find, half of it each.
        assertThat(share).isLessThan(0.055);
      } finally {
        writers.forEach(OpenWriter::close);
      }
      on.pair().assertSame();
    }
  }

  private static long cpuOfTheSweep() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long nanos = 0;
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals("sweep") || thread.getName().startsWith("recheck-")) {
        nanos += threads.getThreadCpuTime(thread.threadId());
      }
    }
    return nanos;
  }
}

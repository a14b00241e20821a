package org.hotspare.takeover;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.hotspare.testing.Command;

/**
 * What it costs to arm and select rounds. Not a test: run {@code main} as root; it makes a network
 * namespace for itself.
 */
final class GateBenchmark {
  private static final int ROUNDS = 10_000;
  private static final long VALIDITY_NANOS = TimeUnit.MILLISECONDS.toNanos(1_600);

  private final Gate gate;
  private final PrintStream out = System.out;

  private GateBenchmark(Gate gate) {
    this.gate = gate;
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments.length == 0) {
      String java = ProcessHandle.current().info().command().orElseThrow();
      System.out.print(
          Command.succeed(
              List.of(
                  "unshare",
                  "--net",
                  java,
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  GateBenchmark.class.getName(),
                  "here")));
      return;
    }
    Set<InetAddress> addresses =
        Set.of(InetAddress.getByName("10.77.0.100"), InetAddress.getByName("fd77::100"));
    try (Gate gate = Gate.open("web", addresses, Set.of(80, 443))) {
      new GateBenchmark(gate).run();
    }
  }

  private void run() throws IOException {
    // The first time is for the compiler.
    for (long epoch = 1; epoch <= 2; epoch++) {
      long now = epoch;
      measure(
          "arm and select",
          round -> {
            gate.arm(now, round, VALIDITY_NANOS);
            gate.select(now, round);
          });
    }
    long now = 3;
    measure(
        "select and arm at once",
        round -> gate.selectAndArm(now, round - 1, round, VALIDITY_NANOS));
    measure("tell whether it is lost", round -> gate.isLost());
    measure("shut", round -> gate.shut());
  }

  private interface Work {
    void take(long round) throws IOException;
  }

  private void measure(String what, Work work) throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long[] nanos = new long[ROUNDS];
    long allocated = threads.getCurrentThreadAllocatedBytes();
    for (int round = 0; round < ROUNDS; round++) {
      long start = System.nanoTime();
      work.take(round + 1);
      nanos[round] = System.nanoTime() - start;
    }
    allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
    Arrays.sort(nanos);
    out.printf(
        "%-24s p50 %5.0f us  p99 %5.0f us  max %6.0f us, %d bytes of garbage each%n",
        what,
        nanos[ROUNDS / 2] / 1e3,
        nanos[ROUNDS * 99 / 100] / 1e3,
        nanos[ROUNDS - 1] / 1e3,
        allocated / ROUNDS);
  }
}

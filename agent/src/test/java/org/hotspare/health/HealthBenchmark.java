package org.hotspare.health;

import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What checks cost when nothing happens: the share of a processor for each kind at 500 ms. Not a
 * test: run {@code main} with the URL of a web server, the seconds for each, and a directory on a
 * disk.
 */
final class HealthBenchmark {
  private static final Schedule SCHEDULE =
      new Schedule(Duration.ofMillis(500), Duration.ofMillis(400), 3, 2);

  private final long seconds;

  private HealthBenchmark(long seconds) {
    this.seconds = seconds;
  }

  public static void main(String[] arguments) throws Exception {
    URI url = URI.create(arguments[0]);
    HealthBenchmark benchmark = new HealthBenchmark(Long.parseLong(arguments[1]));
    Check http = new Check("http", new HttpCheck(url, List.of(), ""), SCHEDULE);
    Check tcp = new Check("tcp", new TcpCheck(url.getHost(), url.getPort()), SCHEDULE);
    Check ping = new Check("ping", new PingCheck(List.of("127.0.0.1", "::1")), SCHEDULE);
    Check exec = new Check("exec", new ExecCheck("true"), SCHEDULE);
    Check disk = new Check("disk", new DiskCheck(Path.of(arguments[2]), 0), SCHEDULE);
    benchmark.measure("nothing", List.of());
    try (StallMeter meter = StallMeter.start()) {
      benchmark.measure("stall meter", List.of());
      System.out.println(meter.stalls());
    }
    for (Check one : List.of(ping, tcp, http, exec, disk)) {
      benchmark.measure(one.name(), List.of(one));
    }
    try (StallMeter meter = StallMeter.start()) {
      for (int minute = 1; minute <= 3; minute++) {
        benchmark.measure("ping, tcp, http, exec and stall meter", List.of(ping, tcp, http, exec));
      }
      System.out.println(meter.stalls());
    }
  }

  private void measure(String what, List<Check> checks) throws Exception {
    try (Checks running = Checks.start((now, before) -> {})) {
      running.replace(checks);
      Thread.sleep(10_000);
      Map<String, Long> before = nanosOfThreads();
      long programs = ticksOfPrograms();
      Thread.sleep(Duration.ofSeconds(seconds));
      Map<String, Long> used = nanosOfThreads();
      before.forEach((thread, nanos) -> used.merge(thread, -nanos, Long::sum));
      System.out.printf(
          "%s: %.3f %% of a processor, its programs %.2f %%%n",
          what,
          share(used.values().stream().mapToLong(Long::longValue).sum()),
          (ticksOfPrograms() - programs) * 1.0 / seconds);
      used.forEach(
          (thread, nanos) -> {
            if (share(nanos) >= 0.005) {
              System.out.printf("    %-20s %.3f %%%n", thread, share(nanos));
            }
          });
      running.snapshot().forEach(one -> System.out.println("    " + one.standing()));
    }
  }

  private double share(long nanos) {
    return nanos / 1e7 / seconds;
  }

  /** By the names of the threads, of which the kernel keeps 15 characters. */
  private static Map<String, Long> nanosOfThreads() throws IOException {
    Map<String, Long> used = new TreeMap<>();
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path thread : threads) {
        long nanos = Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ", 2)[0]);
        used.merge(Files.readString(thread.resolve("comm")).strip(), nanos, Long::sum);
      }
    }
    return used;
  }

  /** User and system time of the programs that ended, in hundredths of a second. */
  private static long ticksOfPrograms() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return Long.parseLong(fields[13]) + Long.parseLong(fields[14]);
  }
}

package org.hotspare.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three processes set the record as often as they can while any of them is killed at random
 * moments: what one was told to be written is what all learn, and no version is written twice.
 */
final class KilledRecordTest {

  @TempDir Path base;

  private final long seed = System.nanoTime();
  private final SplittableRandom random = new SplittableRandom(seed);
  private final Map<String, Process> running = new TreeMap<>();
  private final List<Thread> readers = new ArrayList<>();

  /** By version: who was told that it wrote it, and whom the members saw. */
  private final Map<Long, String> written = new ConcurrentSkipListMap<>();

  private final Map<Long, String> seen = new ConcurrentSkipListMap<>();
  private final Map<String, Long> newest = new ConcurrentHashMap<>();
  private final List<String> contradictions = new ArrayList<>();

  @AfterEach
  void end() {
    running.values().forEach(Process::destroyForcibly);
  }

  @Test
  void whatWasWrittenStays() throws Exception {
    killed(3);
  }

  @Test
  @Tag("long")
  void whatWasWrittenStaysThroughManyKills() throws Exception {
    killed(30);
  }

  private void killed(int kills) throws Exception {
    System.out.println("KilledRecordTest: seed " + seed);
    Map<String, Integer> ports = TestMember.prepare(base);
    for (String node : TestMember.NODES) {
      start(node, ports);
    }
    for (int kill = 0; kill < kills; kill++) {
      int before = written.size();
      await("writes go on", () -> written.size() > before + 5);
      Thread.sleep(random.nextInt(500));
      String victim = TestMember.NODES.get(random.nextInt(3));
      Process process = Objects.requireNonNull(running.get(victim));
      process.toHandle().destroyForcibly();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      int then = written.size();
      await("two of three go on without " + victim, () -> written.size() > then + 5);
      start(victim, ports);
    }
    for (String node : TestMember.NODES) {
      long last = ((ConcurrentSkipListMap<Long, String>) written).lastKey();
      await(node + " learns of what was written", () -> newest.getOrDefault(node, 0L) >= last);
    }
    for (Process process : running.values()) {
      process.getOutputStream().write('\n');
      process.getOutputStream().flush();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    for (Thread reader : readers) {
      assertThat(reader.join(Duration.ofSeconds(30))).isTrue();
    }
    assertThat(contradictions).as("seed %d", seed).isEmpty();
    assertThat(seen).as("seed %d", seed).containsAllEntriesOf(written);
    System.out.printf("KilledRecordTest: %d writes, %d kills%n", written.size(), kills);
  }

  private void start(String node, Map<String, Integer> ports) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                TestMember.class.getName(),
                base.toString(),
                node));
    TestMember.NODES.forEach(name -> command.add(String.valueOf(ports.get(name))));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    running.put(node, process);
    readers.add(Thread.ofPlatform().daemon().start(() -> read(node, process)));
  }

  private void read(String node, Process process) {
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        String[] words = line.split(" ", 3);
        // A line that the kill cut short, or something that is logged, says nothing.
        if (words.length == 3 && TestMember.NODES.contains(words[2])) {
          take(node, words[0], Long.parseLong(words[1]), words[2]);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private synchronized void take(String node, String verb, long version, String primary) {
    Map<Long, String> known = verb.equals("wrote") ? written : seen;
    String before = known.put(version, primary);
    boolean twice = verb.equals("wrote") && before != null;
    if (twice || (before != null && !before.equals(primary))) {
      contradictions.add("%s %s %d %s, before %s".formatted(node, verb, version, primary, before));
    }
    if (verb.equals("saw")) {
      newest.put(node, version);
    }
  }
}

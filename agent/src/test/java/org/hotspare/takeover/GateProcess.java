package org.hotspare.takeover;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hotspare.testing.Await;
import org.hotspare.testing.Command;

/** Drives a {@link GateMain}. */
final class GateProcess implements AutoCloseable {
  private final Lines lines;
  private final Map<String, List<GateSteps.Step>> steps = new HashMap<>();

  /** What it logged. */
  private final List<String> logged = new ArrayList<>();

  GateProcess(String namespace, String... prefix) {
    List<String> command = new ArrayList<>(List.of(prefix));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-Xmx64m", "-cp", System.getProperty("java.class.path")));
    command.add(GateMain.class.getName());
    lines = new Lines(namespace, command);
    lines.next();
  }

  /** Has it do something, and returns its answer when that is done. */
  String ask(String order) {
    lines.say(order);
    return answer();
  }

  /** Has it do something that goes on until the next order. */
  void begin(String order) {
    lines.say(order);
  }

  /** The answer to an order that was begun. */
  String answer() {
    while (true) {
      String line = lines.next();
      if (line.startsWith("= ")) {
        return line.substring(2);
      }
      note(line);
    }
  }

  private void note(String line) {
    String[] words = line.split(" ", 3);
    if (!words[0].equals("step")) {
      logged.add(line);
      return;
    }
    GateSteps.Step step = GateSteps.Step.parse(words[2]);
    List<GateSteps.Step> ofCluster = steps.computeIfAbsent(words[1], cluster -> new ArrayList<>());
    if (!ofCluster.isEmpty() && ofCluster.getLast().isBegun()) {
      ofCluster.removeLast();
    }
    if (!step.isUndone()) {
      ofCluster.add(step);
    }
  }

  /** What it logged up to its last answer. */
  List<String> logged() {
    return List.copyOf(logged);
  }

  /** SIGKILL; returns when it is gone. Of a step that it was just taking, its steps tell, too. */
  void kill() throws InterruptedException {
    lines.close();
    lines.rest().forEach(this::note);
    long gone = System.nanoTime();
    steps.values().forEach(ofCluster -> ofCluster.replaceAll(step -> step.interrupted(gone)));
  }

  /** Lets go of all gates, as they are. */
  void forget() {
    // A test that failed may have left it paused.
    goOn();
    ask("- forget");
    steps.clear();
    logged.clear();
  }

  /** What it has done to the gate of that cluster. */
  GateSteps steps(String cluster) {
    return new GateSteps(
        steps.getOrDefault(cluster, List.of()).stream().filter(step -> !step.isBegun()).toList());
  }

  /** Returns once it does nothing any more. */
  void pause() throws InterruptedException {
    signal("STOP");
    Await.await("each thread of " + lines.pid() + " is stopped", this::isStopped);
  }

  private boolean isStopped() {
    Path threads = Path.of("/proc", String.valueOf(lines.pid()), "task");
    try (DirectoryStream<Path> each = Files.newDirectoryStream(threads)) {
      for (Path thread : each) {
        // The name before the state may hold anything.
        String stat = Files.readString(thread.resolve("stat"), StandardCharsets.ISO_8859_1);
        if (stat.charAt(stat.lastIndexOf(')') + 2) != 'T') {
          return false;
        }
      }
      return true;
    } catch (IOException | DirectoryIteratorException e) {
      throw new AssertionError("process " + lines.pid() + " cannot be seen", e);
    }
  }

  void goOn() {
    signal("CONT");
  }

  private void signal(String name) {
    Command.succeed(List.of("kill", "-" + name, String.valueOf(lines.pid())));
  }

  @Override
  public void close() {
    lines.close();
  }
}

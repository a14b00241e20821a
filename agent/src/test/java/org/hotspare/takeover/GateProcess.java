package org.hotspare.takeover;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hotspare.testing.Command;

/** Drives a {@link GateMain}. */
final class GateProcess implements AutoCloseable {
  private final Lines lines;
  private final Map<String, List<GateSteps.Step>> steps = new HashMap<>();

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
    String[] words = line.split(" ", 2);
    steps
        .computeIfAbsent(words[0], cluster -> new ArrayList<>())
        .add(GateSteps.Step.parse(words[1]));
  }

  /** SIGKILL; returns when it is gone. */
  void kill() throws InterruptedException {
    lines.close();
    lines.rest().forEach(this::note);
  }

  /** Lets go of all gates, as they are. */
  void forget() {
    // A test that failed may have left it paused.
    goOn();
    ask("- forget");
    steps.clear();
  }

  /** What it has done to the gate of that cluster. */
  GateSteps steps(String cluster) {
    return new GateSteps(steps.getOrDefault(cluster, List.of()));
  }

  /** Returns once it does nothing any more. */
  void pause() {
    signal("STOP");
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

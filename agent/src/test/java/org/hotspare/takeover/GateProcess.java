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
final class GateProcess extends DrivenProcess {
  private final Map<String, List<GateSteps.Step>> steps = new HashMap<>();

  /** What it logged. */
  private final List<String> logged = new ArrayList<>();

  GateProcess(String namespace, String... prefix) {
    super(namespace, GateMain.class, List.of(prefix));
    answer();
  }

  @Override
  void note(String line) {
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

  /** {@inheritDoc} Of a step that it was just taking, its steps tell, too. */
  @Override
  void kill() throws InterruptedException {
    super.kill();
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
    Await.await("each thread of " + pid() + " is stopped", this::isStopped);
  }

  private boolean isStopped() {
    Path threads = Path.of("/proc", pid(), "task");
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
      throw new AssertionError("process " + pid() + " cannot be seen", e);
    }
  }

  void goOn() {
    signal("CONT");
  }

  private void signal(String name) {
    Command.succeed(List.of("kill", "-" + name, pid()));
  }
}

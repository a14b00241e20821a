package org.hotspare.takeover;

import static org.hotspare.testing.Await.await;

import java.util.List;

/**
 * Processes that a test has started, known by a number in their command line. They end by
 * themselves after a quarter of an hour, since the test may be killed.
 */
final class Sleepers implements AutoCloseable {
  private final String seconds = "900." + ProcessHandle.current().pid() + System.nanoTime();

  /** The command that each of them is. */
  String command() {
    return "sleep " + seconds;
  }

  /** Those whose own program it is; not the shells that are to start one. */
  List<ProcessHandle> all() {
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().commandLine().orElse("").endsWith(command()))
        .filter(process -> process.info().command().orElse("").endsWith("/sleep"))
        .toList();
  }

  void awaitSome(int count) throws InterruptedException {
    await(count + " processes run", () -> all().size() == count);
  }

  void awaitNone() throws InterruptedException {
    await("no process is left", () -> all().isEmpty());
  }

  @Override
  public void close() {
    all().forEach(ProcessHandle::destroyForcibly);
  }
}

package org.hotspare.takeover;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The processes that were started with a certain entry in their environment: children inherit it,
 * whatever session they make and whoever their parent is, unless they are given another
 * environment, or write over it as some do to change their title.
 *
 * @param name of the entry
 * @param value unlike that of any other agent's processes on this machine
 */
record MarkedProcesses(String name, String value) {
  private static final Path PROC = Path.of("/proc");

  /** Those that are there now. What has ended, but was not reaped, has no environment any more. */
  List<ProcessHandle> all() {
    String entry = "\0" + name + "=" + value + "\0";
    return ProcessHandle.allProcesses()
        .filter(process -> !process.equals(ProcessHandle.current()))
        .filter(process -> environment(process.pid()).contains(entry))
        .toList();
  }

  /** Each of its entries between two NULs; empty of what has ended or is another user's. */
  private static String environment(long pid) {
    try {
      byte[] entries = Files.readAllBytes(PROC.resolve(pid + "/environ"));
      return "\0" + new String(entries, StandardCharsets.UTF_8);
    } catch (IOException endedOrForeign) {
      return "";
    }
  }

  boolean isEmpty() {
    return all().isEmpty();
  }

  /** Kills those that are there now. What they start meanwhile is there afterwards. */
  void kill() {
    all().forEach(ProcessHandle::destroyForcibly);
  }
}

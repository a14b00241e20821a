package org.hotspare.takeover;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The command that starts a service: in a session of its own, with empty input, a file for its
 * output and no other descriptor, so that it, and what it leaves, stays when the agent dies.
 *
 * @param environment added to this process's own
 * @param started is made when it returned 0, also after the agent died
 */
record StartCommand(
    String command,
    Map<String, String> environment,
    ServiceProcesses processes,
    ServiceLog log,
    Path started) {

  /**
   * Joins the control group, so that the command begins in it; where that is refused, the group is
   * forgotten, and the environment is left. The agent's working directory would keep its filesystem
   * from being unmounted.
   */
  private static final String BEGIN =
      """
      cd / || exit 1
      echo 0 >"$1" || rm -f "$2"
      if true >>"$3"; then exec >>"$3" 2>&1; else exec >/dev/null 2>&1; fi
      exec /usr/bin/env -u %s /bin/sh -c "$4"
      """
          .formatted(ServiceProcesses.starting());

  /** Waits for the start command in a session that is killed, and runs it in one that is not. */
  private static final String WAIT =
      """
      /usr/bin/setsid --wait /bin/sh -c "$1" "$0" "$3" "$4" "$5" "$6"
      status=$?
      test $status != 0 || : >"$2"
      exit $status
      """;

  /**
   * Runs it; what it leaves behind stays.
   *
   * @return how it ended, with what was printed
   */
  CommandEnd run(Deadline deadline) throws InterruptedException, IOException {
    long before = log.end();
    Map<String, String> marked = new LinkedHashMap<>(environment);
    marked.putAll(processes.environment());
    CommandEnd end = TimedCommand.run(line(processes.prepare()), marked, deadline.remaining());
    List<String> lines = new ArrayList<>(end.lines());
    lines.addAll(log.since(before));
    return new CommandEnd(end.status(), end.late(), end.how(), lines);
  }

  /**
   * @param members of the control group
   */
  List<String> line(Path members) {
    return List.of(
        "/bin/sh",
        "-c",
        WAIT,
        "hotspare",
        BEGIN,
        started.toString(),
        members.toString(),
        processes.groupFile().toString(),
        log.file().toString(),
        command);
  }
}

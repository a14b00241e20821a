package org.hotspare.takeover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;

/**
 * A {@code systemctl} for machines on which systemd does not run. It takes the calls that are made
 * and no others, writes them down, and answers as the real one does. What each unit does is up to
 * the test.
 */
final class FakeSystemctl {
  private static final String SCRIPT =
      """
      #!/bin/sh
      cd "$(dirname "$0")" || exit 1
      echo "$*" >>calls
      refuse() { echo "fake systemctl: $*" >&2; exit 64; }
      test "$1" = --no-ask-password || refuse "$@"
      verb=$2
      shift 2
      options=
      while test "$1" != --; do
        test $# -gt 0 || refuse "no unit"
        options="$options $1"
        shift
      done
      test $# = 2 || refuse "not one unit"
      unit=$2
      state=$(cat "$unit.state" 2>/dev/null || echo inactive)
      does=$(cat "$unit.does" 2>/dev/null || echo works)
      become() { echo "$1" >"$unit.state"; }
      case "$verb$options" in
        is-active)
          echo "$state"
          test "$state" = active || test "$state" = reloading || exit 3 ;;
        start)
          case $does in
            works|deaf|immortal) become active ;;
            fails)
              become failed
              echo "Job for $unit failed because the control process exited with error code." >&2
              exit 1 ;;
            skips) ;;
            wakes)
              become activating
              setsid sh -c "touch $unit.woke; sleep 0.3; echo active >$unit.state" >/dev/null &
              while ! test -e "$unit.woke"; do sleep 0.01; done ;;
            hangs) become activating; exec sleep 1000 ;;
            *) echo "Failed to start $unit: Unit $unit not found." >&2; exit 5 ;;
          esac ;;
        stop)
          case $does in
            deaf|immortal) become deactivating; exec sleep 1000 ;;
            *) become inactive ;;
          esac ;;
        "kill --signal=KILL")
          test "$does" = immortal || become failed ;;
        "status --no-pager --lines=3 --output=cat")
          printf '%s\\n' "x $unit - a unit" "   Loaded: loaded" "" \
            "reads its settings" "no such database" "gives up"
          exit 3 ;;
        *) refuse "$verb$options" ;;
      esac
      """;

  private final Path directory;

  FakeSystemctl(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
    Path script = Files.writeString(directory.resolve("systemctl"), SCRIPT);
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** For commands that are to find it. */
  Map<String, String> environment() {
    return Map.of("PATH", directory + ":/usr/bin:/bin");
  }

  /** What a unit does when it is started and stopped: {@code works} if nothing is said. */
  void does(String unit, String what) throws IOException {
    Files.writeString(directory.resolve(unit + ".does"), what + "\n");
  }

  void state(String unit, String state) throws IOException {
    Files.writeString(directory.resolve(unit + ".state"), state + "\n");
  }

  /** Verbs and units, without questions. */
  List<String> calls() throws IOException {
    return Files.readAllLines(directory.resolve("calls")).stream()
        .filter(call -> !call.contains("is-active") && !call.contains("status"))
        .map(call -> call.replace("--no-ask-password ", ""))
        .toList();
  }
}

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
      test $# -ge 2 || refuse "no unit"
      # The unit itself is the last; what triggers it comes before.
      for unit; do :; done
      state=$(cat "$unit.state" 2>/dev/null || echo inactive)
      does=$(cat "$unit.does" 2>/dev/null || echo works)
      become() { echo "$1" >"$unit.state"; }
      case "$verb$options" in
        is-active)
          test "$does" != unreachable || { echo "Failed to connect to bus" >&2; exit 1; }
          echo "$state"
          test "$state" = active || test "$state" = reloading || exit 3 ;;
        start)
          case $does in
            works|deaf|immortal|unreachable) become active ;;
            fails)
              become failed
              echo "Job for $unit failed because the control process exited with error code." >&2
              exit 1 ;;
            skips) ;;
            wakes)
              become activating
              setsid sh -c "touch $unit.woke; sleep 0.3; echo active >$unit.state" >/dev/null &
              while ! test -e "$unit.woke"; do sleep 0.01; done ;;
            hangs) become activating; exec sleep 900 ;;
            # Its job waits for that of another unit.
            queued) touch "$unit.job"; exec sleep 900 ;;
            *) echo "Failed to start $unit: Unit $unit not found." >&2; exit 5 ;;
          esac ;;
        stop)
          rm -f "$unit.job"
          case $does$state in
            nothing*) echo "Failed to stop $unit: Unit $unit not loaded." >&2; exit 5 ;;
            *inactive|*failed) ;;
            immortaldeactivating) echo "Job for $unit failed." >&2; exit 1 ;;
            deaf*|immortal*) become deactivating; exec sleep 900 ;;
            *) become inactive ;;
          esac ;;
        reset-failed) ;;
        "show --property=TriggeredBy --value")
          cat "$unit.triggers" 2>/dev/null || echo ;;
        "kill --signal=KILL")
          case $does$state in
            immortal*|*inactive|*failed) ;;
            *) become failed ;;
          esac ;;
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

  /** What starts it by itself, as systemctl prints it. */
  void triggers(String unit, String triggers) throws IOException {
    Files.writeString(directory.resolve(unit + ".triggers"), triggers + "\n");
  }

  /** Whether it is to be started once another unit's job is over. */
  boolean isQueued(String unit) {
    return Files.exists(directory.resolve(unit + ".job"));
  }

  /** Verbs and units, without questions. */
  List<String> calls() throws IOException {
    return Files.readAllLines(directory.resolve("calls")).stream()
        .filter(call -> !call.matches(".* (is-active|status|show) .*"))
        .map(call -> call.replace("--no-ask-password ", ""))
        .toList();
  }
}

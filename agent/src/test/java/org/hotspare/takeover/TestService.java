package org.hotspare.takeover;

import java.nio.file.Path;
import java.time.Duration;

/**
 * A service whose commands note that they run: a process in a session of its own, as daemons are,
 * with its number in a file.
 */
record TestService(String name, Path directory, Journal journal, Sleepers sleepers) {
  static final Duration TIMEOUT = Duration.ofSeconds(60);

  String start() {
    return started(sleepers.command());
  }

  /** With this as what runs, which must not end. */
  String started(String program) {
    return "%s; rm -f %s; /usr/bin/setsid /bin/sh -c 'echo $$ >%s; exec %s' & "
            .formatted(journal.write("start " + name), pidFile(), pidFile(), program)
        // Back as soon as it is there.
        + "while ! test -s %s; do sleep 0.01; done".formatted(pidFile());
  }

  Path pidFile() {
    return directory.resolve(name + ".pid");
  }

  String stop() {
    return "%s; kill $(cat %s)".formatted(journal.write("stop " + name), pidFile());
  }

  /** What has ended counts as down, whoever is to reap it. */
  String status() {
    return "test -s %1$s && case $(cat /proc/$(cat %1$s)/stat 2>&1) in [0-9]*') Z '*) false;; [0-9]*) ;; *) false;; esac"
        .formatted(pidFile());
  }

  Service onPrimary() {
    return service(start(), stop(), status(), Service.Where.PRIMARY, TIMEOUT);
  }

  Service onAll() {
    return service(start(), stop(), status(), Service.Where.ALL, TIMEOUT);
  }

  static Service service(
      String start, String stop, String status, Service.Where where, Duration timeout) {
    return new Service(new Service.Commands(start, stop, status), where, timeout);
  }
}

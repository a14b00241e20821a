package org.hotspare.cli;

import java.time.Duration;
import java.util.Locale;
import org.hotspare.admin.MirrorStatus;
import org.hotspare.admin.StandbyStatus;
import org.hotspare.admin.Status;

/** How well a node is, for monitoring; the exit statuses are those of monitoring plugins. */
enum Health {
  OK(0),
  WARNING(1),
  CRITICAL(2),
  UNKNOWN(3);

  private final int exitStatus;

  Health(int exitStatus) {
    this.exitStatus = exitStatus;
  }

  int exitStatus() {
    return exitStatus;
  }

  static Health of(Status status, Duration maxLag) {
    Health worst = status.primary().connected() ? OK : CRITICAL;
    for (MirrorStatus mirror : status.mirrors()) {
      worst = worst.or(of(mirror, maxLag));
    }
    if (!status.differing().isEmpty()) {
      worst = worst.or(WARNING);
    }
    return worst;
  }

  private static Health of(MirrorStatus mirror, Duration maxLag) {
    Health byState =
        switch (mirror.state()) {
          case IN_SYNC, CATCHING_UP -> OK;
          case SCANNING, COPYING, DEGRADED -> WARNING;
          case HELD, OFFLINE -> CRITICAL;
        };
    Health health = mirror.problemCount() > 0 ? byState.or(WARNING) : byState;
    for (StandbyStatus standby : mirror.standbys()) {
      if (!standby.connected() || isLate(standby, maxLag)) {
        health = health.or(WARNING);
      }
    }
    return health;
  }

  /** Whether the tree is where it should be: what the exit status of {@code status} says. */
  static boolean inSync(Status status, Duration maxLag) {
    return status.primary().connected()
        && status.mirrors().stream().allMatch(mirror -> inSync(mirror, maxLag));
  }

  private static boolean inSync(MirrorStatus mirror, Duration maxLag) {
    return switch (mirror.state()) {
      case IN_SYNC, CATCHING_UP, DEGRADED ->
          mirror.standbys().stream()
              .allMatch(standby -> standby.connected() && !isLate(standby, maxLag));
      case SCANNING, COPYING, HELD, OFFLINE -> false;
    };
  }

  private static boolean isLate(StandbyStatus standby, Duration maxLag) {
    return standby.lag().seconds() * 1000 > maxLag.toMillis();
  }

  private Health or(Health other) {
    return exitStatus >= other.exitStatus ? this : other;
  }

  /** One line as monitoring plugins print it: state, text, and figures after a bar. */
  static String line(Status status, Duration maxLag) {
    StringBuilder text = new StringBuilder();
    StringBuilder figures = new StringBuilder();
    if (!status.primary().connected()) {
      text.append(", not connected to ").append(status.primary().node());
    }
    for (Status.Differing differing : status.differing()) {
      text.append(", the configuration of ").append(differing.node()).append(" differs");
    }
    for (MirrorStatus mirror : status.mirrors()) {
      text.append(", ").append(mirror.name()).append(' ').append(StatusText.words(mirror.state()));
      if (mirror.problemCount() > 0) {
        text.append(" (").append(StatusText.problemCount(mirror)).append(')');
      }
      for (StandbyStatus standby : mirror.standbys()) {
        if (!standby.connected()) {
          text.append(", ").append(standby.node()).append(" not connected");
        }
        figures.append(
            String.format(
                Locale.ROOT,
                " '%s %s'=%.3fs;%.3f",
                mirror.name(),
                standby.node(),
                standby.lag().seconds(),
                maxLag.toMillis() / 1000.0));
      }
    }
    return "HOTSPARE "
        + of(status, maxLag)
        + " - "
        + status.node()
        + " is "
        + status.role().word()
        + text
        + (figures.isEmpty() ? "" : " |" + figures);
  }
}

package org.hotspare.cli;

import static org.hotspare.cli.Quantities.bytes;
import static org.hotspare.cli.Quantities.count;

import java.util.Comparator;
import java.util.List;
import org.hotspare.admin.CoverageStatus;
import org.hotspare.admin.Lag;
import org.hotspare.admin.MirrorState;
import org.hotspare.admin.MirrorStatus;
import org.hotspare.admin.Problem;
import org.hotspare.admin.Role;
import org.hotspare.admin.StandbyStatus;
import org.hotspare.admin.Status;

/** A status for people: what is well in few words, what is not with what to do. */
final class StatusText {
  /** Of the problems of one mirror; {@code --json} has more. */
  private static final int SHOWN_PROBLEMS = 10;

  private final StringBuilder text = new StringBuilder();

  private StatusText() {}

  static String of(Status status) {
    StatusText made = new StatusText();
    made.head(status);
    status.mirrors().forEach(mirror -> made.mirror(mirror, status));
    made.loss(status);
    made.next(status.next());
    return made.text.toString();
  }

  private void line(String line) {
    text.append(line).append('\n');
  }

  private void head(Status status) {
    String roles = status.lease() == null ? "fixed roles, " : "";
    String role =
        switch (status.role()) {
          case PRIMARY -> "primary";
          case WITNESS -> "witness";
          case STANDBY ->
              "standby of "
                  + status.primary().node()
                  + (status.primary().connected() ? ", connected" : ", NOT CONNECTED");
        };
    line(
        "%s: %s (%sepoch %d, hotspare %s)"
            .formatted(status.node(), role, roles, status.epoch(), status.version()));
    Status.LeaseStatus lease = status.lease();
    if (lease != null && !lease.holder().isEmpty()) {
      String others =
          lease.promotable().isEmpty() ? "NOBODY" : String.join(", ", lease.promotable());
      line(
          "Lease of %s; may take over: %s; gate here: %s."
              .formatted(lease.holder(), others, status.gate()));
    }
    if (lease != null && lease.alone() != null) {
      line(
          "%s. Start their agents: once all of them are back, a majority decides again."
              .formatted(lease.alone()));
    }
    for (Status.Differing differing : status.differing()) {
      line(
          "The configuration of %s is not the same as that of %s: %s."
              .formatted(differing.node(), status.node(), String.join(", ", differing.keys())));
    }
    if (!status.needingRestart().isEmpty()) {
      line(
          "Changed in the file, and in use once the agent is started again: %s."
              .formatted(String.join(", ", status.needingRestart())));
    }
  }

  private void mirror(MirrorStatus mirror, Status status) {
    line("");
    line("%s  %s".formatted(mirror.name(), mirror.path()));
    line(
        "  %s; %s, %s"
            .formatted(
                words(mirror.state()),
                count(mirror.entries(), "entry", "entries"),
                bytes(mirror.bytes())));
    if (mirror.progress() != null) {
      line("  %s".formatted(ProgressLine.text(mirror.progress())));
    }
    if (status.role() == Role.PRIMARY) {
      line("  %s".formatted(coverage(mirror.coverage())));
    }
    standbys(mirror.standbys());
    problems(mirror);
    if (mirror.held() != null) {
      line("  HELD: %s".formatted(mirror.held()));
    }
  }

  static String words(MirrorState state) {
    return switch (state) {
      case SCANNING -> "reading the tree";
      case COPYING -> "first copy";
      case CATCHING_UP -> "catching up";
      case IN_SYNC -> "in sync";
      case HELD -> "held";
      case DEGRADED -> "degraded";
      case OFFLINE -> "offline";
    };
  }

  private static String coverage(CoverageStatus coverage) {
    String method = " (" + coverage.method() + ")";
    return coverage.complete()
        ? "every change is noticed at once" + method
        : "changes may be noticed late" + method + ": " + coverage.reason();
  }

  private void standbys(List<StandbyStatus> standbys) {
    int width = standbys.stream().mapToInt(standby -> standby.node().length()).max().orElse(0);
    for (StandbyStatus standby : standbys) {
      line("  %s  %s".formatted(padded(standby.node(), width), state(standby)));
    }
  }

  private static String state(StandbyStatus standby) {
    if (standby.connected()) {
      return lag(standby.lag());
    }
    return standby.neverSeen()
        ? "NOT CONNECTED since this agent was started"
        : "NOT CONNECTED, " + lag(standby.lag());
  }

  private static String padded(String word, int width) {
    return word + " ".repeat(width - word.length());
  }

  static String lag(Lag lag) {
    return lag.none()
        ? "up to date"
        : amount(lag) + ", " + Quantities.seconds(lag.seconds()) + " behind";
  }

  private static String amount(Lag lag) {
    return count(lag.changes(), "change", "changes") + ", " + bytes(lag.bytes());
  }

  static String problemCount(MirrorStatus mirror) {
    return mirror.problemCount() == 1
        ? "1 file is not mirrored"
        : count(mirror.problemCount()) + " files are not mirrored";
  }

  private void problems(MirrorStatus mirror) {
    if (mirror.problemCount() == 0) {
      return;
    }
    line("  %s:".formatted(problemCount(mirror)));
    List<Problem> shown = mirror.problems().stream().limit(SHOWN_PROBLEMS).toList();
    shown.forEach(problem -> line("    %s: %s".formatted(problem.path(), problem.reason())));
    if (mirror.problemCount() > shown.size()) {
      line("    and %s more".formatted(count(mirror.problemCount() - shown.size())));
    }
  }

  /** What would be gone with the primary at this moment: what not even the furthest standby has. */
  private void loss(Status status) {
    boolean spared = status.mirrors().stream().noneMatch(mirror -> mirror.standbys().isEmpty());
    if (status.role() != Role.PRIMARY || !spared || status.mirrors().isEmpty()) {
      return;
    }
    boolean unknown =
        status.mirrors().stream()
            .anyMatch(mirror -> mirror.standbys().stream().allMatch(StandbyStatus::neverSeen));
    if (unknown) {
      line("");
      line(
          "What would be lost if %s died now is not known: no standby has connected yet."
              .formatted(status.node()));
      return;
    }
    List<Lag> least = status.mirrors().stream().map(StatusText::least).toList();
    Lag lost =
        new Lag(
            least.stream().mapToLong(Lag::changes).sum(),
            least.stream().mapToLong(Lag::bytes).sum(),
            least.stream().mapToDouble(Lag::seconds).max().orElse(0));
    line("");
    if (lost.none()) {
      line("If %s died now, nothing would be lost.".formatted(status.node()));
    } else {
      line(
          "If %s died now, %s would be lost: the last %s."
              .formatted(status.node(), amount(lost), Quantities.seconds(lost.seconds())));
    }
  }

  private static Lag least(MirrorStatus mirror) {
    return mirror.standbys().stream()
        .map(StandbyStatus::lag)
        .min(Comparator.comparingLong(Lag::changes))
        .orElse(Lag.NONE);
  }

  private void next(List<String> commands) {
    if (commands.isEmpty()) {
      return;
    }
    line("");
    line("Next: %s".formatted(commands.getFirst()));
    commands.stream().skip(1).forEach(command -> line("      %s".formatted(command)));
  }
}

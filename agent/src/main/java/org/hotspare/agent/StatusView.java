package org.hotspare.agent;

import java.util.ArrayList;
import java.util.List;
import org.hotspare.admin.CoverageStatus;
import org.hotspare.admin.Lag;
import org.hotspare.admin.MirrorState;
import org.hotspare.admin.MirrorStatus;
import org.hotspare.admin.Problem;
import org.hotspare.admin.Progress;
import org.hotspare.admin.StandbyStatus;
import org.hotspare.mirror.CopyState;
import org.hotspare.mirror.MirrorView;
import org.hotspare.tree.Position;
import org.hotspare.wire.Frame;
import org.jspecify.annotations.Nullable;

/** Turns what a mirror says of itself into what {@code status} shows. */
final class StatusView {
  private static final int PROBLEMS = 100;

  private StatusView() {}

  /**
   * @param standbys the names of all standbys of the configuration on a primary; empty on a standby
   */
  static MirrorStatus of(MirrorView view, String path, List<String> standbys) {
    List<Problem> problems = new ArrayList<>();
    view.problems().forEach(p -> problems.add(new Problem(p.path().toString(), p.reason())));
    long count = view.problemCount();
    for (MirrorView.StandbyView standby : view.standbys()) {
      Frame.Report report = standby.report();
      if (report != null && standby.connected()) {
        count += report.problemCount();
        report.problems().stream()
            .limit(Math.max(0, PROBLEMS - problems.size()))
            .map(p -> new Problem(p.path().toString(), "on " + standby.node() + ": " + p.reason()))
            .forEach(problems::add);
      }
    }
    String failure = view.failure();
    if (failure != null) {
      problems.addFirst(new Problem("", failure));
      count++;
    }
    return new MirrorStatus(
        view.name(),
        path,
        MirrorState.valueOf(view.state().name()),
        view.position(),
        view.entries(),
        view.bytes(),
        new CoverageStatus(
            view.coverage().method(), view.coverage().complete(), view.coverage().reason()),
        standbys.stream().map(node -> standby(view, node)).toList(),
        problems.stream().limit(PROBLEMS).toList(),
        count,
        view.held(),
        progress(view.copy()));
  }

  /** Of a mirror that neither leads nor follows. */
  static MirrorStatus atRest(String name, String path, CopyState copy) {
    return new MirrorStatus(
        name,
        path,
        MirrorState.OFFLINE,
        copy.head(),
        0,
        0,
        new CoverageStatus("none", false, "nobody is primary"),
        List.of(),
        List.of(),
        0,
        null,
        null);
  }

  private static StandbyStatus standby(MirrorView view, String node) {
    return view.standbys().stream()
        .filter(s -> s.node().equals(node))
        .findFirst()
        .map(
            s ->
                new StandbyStatus(
                    node,
                    s.connected(),
                    s.position(),
                    new Lag(s.lagChanges(), s.lagBytes(), s.lagSeconds())))
        .orElseGet(
            () ->
                new StandbyStatus(
                    node, false, Position.NONE, new Lag(view.entries(), view.bytes(), 0)));
  }

  private static @Nullable Progress progress(MirrorView.@Nullable CopyView copy) {
    if (copy == null) {
      return null;
    }
    double seconds = copy.nanos() / 1e9;
    long rate = seconds > 0 ? (long) (copy.doneBytes() / seconds) : 0;
    double share =
        Math.max(
            ratio(copy.doneBytes(), copy.totalBytes()),
            ratio(copy.doneEntries(), copy.totalEntries()));
    long left = share > 0.001 ? (long) (seconds / share * (1 - share)) : -1;
    return new Progress(
        copy.doneBytes(), copy.totalBytes(), copy.doneEntries(), copy.totalEntries(), rate, left);
  }

  private static double ratio(long done, long total) {
    return total <= 0 ? 0 : Math.min(1.0, (double) done / total);
  }
}

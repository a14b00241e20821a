package org.hotspare.agent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.hotspare.admin.Event;
import org.hotspare.agent.Conditions.Condition;
import org.hotspare.config.Node;
import org.hotspare.mirror.MirrorView;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices what nobody tells when it begins: a mirror that is held or degraded, a standby that is
 * behind or away, a majority that is missing. It looks every two seconds, in a thread of its own,
 * which may wait for disks.
 */
final class ConditionWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ConditionWatch.class);
  private static final long EVERY_NANOS = 2_000_000_000;
  private static final Duration END = Duration.ofSeconds(2);

  private final Agent agent;
  private final Conditions conditions = new Conditions();
  private final Thread thread =
      Thread.ofPlatform().daemon().name("conditions").unstarted(this::run);
  private volatile boolean closed;

  private ConditionWatch(Agent agent) {
    this.agent = agent;
  }

  static ConditionWatch start(Agent agent) {
    ConditionWatch watch = new ConditionWatch(agent);
    watch.thread.start();
    return watch;
  }

  private void run() {
    while (!closed) {
      try {
        look();
      } catch (RuntimeException e) {
        // Mirrors may be closing, or their disk fails, which is told elsewhere.
        LOG.debug("what is wrong cannot be seen; looking again", e);
      }
      LockSupport.parkNanos(EVERY_NANOS);
    }
  }

  private void look() {
    List<Condition> now = new ArrayList<>();
    // While the role changes nothing can be said of the mirrors; that lasts a moment.
    Optional<Mirrors.Seen> seen = agent.mirrors().look();
    if (seen.isPresent()) {
      seen.get().primaries().forEach(view -> seePrimary(view, now));
      seen.get().standbys().forEach(view -> seeProblems(view, now));
    }
    seeMajority(now);
    for (Conditions.Told told : conditions.see(now, System.nanoTime())) {
      agent.events().record(told.kind(), told.mirror(), told.text());
    }
  }

  private void seePrimary(MirrorView view, List<Condition> now) {
    seeProblems(view, now);
    if (view.state() != MirrorView.State.SCANNING && !view.coverage().complete()) {
      now.add(
          new Condition(
              Event.Kind.COVERAGE,
              view.name(),
              "",
              "changes may be noticed late (%s): %s"
                  .formatted(view.coverage().method(), view.coverage().reason()),
              "changes are noticed at once again"));
    }
    for (Node node : agent.configuration().standbysOf(agent.self().name())) {
      String why = behind(view, node.name());
      if (!why.isEmpty()) {
        now.add(
            new Condition(
                Event.Kind.LAG,
                view.name(),
                node.name(),
                "standby %s %s".formatted(node.name(), why),
                "standby %s is not behind any more".formatted(node.name())));
      }
    }
  }

  /** Why a standby could not take over without loss; empty where it could. */
  private String behind(MirrorView view, String node) {
    MirrorView.@Nullable StandbyView standby =
        view.standbys().stream()
            .filter(one -> one.node().equals(node) && one.connected())
            .findFirst()
            .orElse(null);
    if (standby == null) {
      return "is not connected";
    }
    Duration most = agent.configuration().failover().maxLag();
    return standby.complete() && standby.lagSeconds() > most.toNanos() / 1e9
        ? "lacks %,d changes, some for more than %s".formatted(standby.lagChanges(), words(most))
        : "";
  }

  private static String words(Duration duration) {
    return duration.toMillis() / 1000.0 + " s";
  }

  /** What keeps a mirror from doing anything at all is told by itself. */
  private static void seeProblems(MirrorView view, List<Condition> now) {
    String held = view.held();
    if (held != null) {
      now.add(
          new Condition(
              Event.Kind.HELD, view.name(), "", "held: " + held, "nothing is held any more"));
    }
    if (view.problemCount() > 0) {
      String first =
          view.problems().isEmpty()
              ? ""
              : ", such as %s: %s"
                  .formatted(
                      view.problems().getFirst().path(), view.problems().getFirst().reason());
      now.add(
          new Condition(
              Event.Kind.PROBLEM,
              view.name(),
              "",
              "%,d entries cannot be mirrored%s".formatted(view.problemCount(), first),
              "all entries can be mirrored again"));
    }
  }

  private void seeMajority(List<Condition> now) {
    LeasedRoles roles = agent.roles();
    if (roles == null) {
      return;
    }
    Set<String> missing = roles.missingMajority();
    if (!missing.isEmpty()) {
      now.add(
          new Condition(
              Event.Kind.MAJORITY,
              null,
              "",
              "no majority of the voters can be heard: %s cannot"
                  .formatted(String.join(", ", missing)),
              "enough voters for a majority are heard again"));
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    try {
      if (!thread.join(END)) {
        LOG.warn("what looks after mirrors does not end: a disk hangs");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package org.hotspare.takeover;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the operator's commands before and after each change of role, one after the other and never
 * two at once, each for its time and no longer. What they print is in the log, and which role is
 * meant is in their environment; see {@link RoleChange}, and {@code HOTSPARE_WHEN}, {@code before}
 * or {@code after}.
 *
 * <p>When a hook ends, and when its time is over, all that is left of its session is killed. One of
 * an agent that died is killed before the first of this one runs. While one cannot be killed, since
 * it waits for a disk, no other is run.
 *
 * <p>A demotion does not wait for the hooks of the promotion that it ends: those are killed, and
 * the others of it are not run any more.
 *
 * <p>A hook that fails is told and stops nothing: neither those after it nor the change, unless the
 * caller wants that. May be called by several threads, which wait for each other; also those of
 * several objects, if they are of one owner.
 */
public final class Hooks {
  private static final Logger LOG = LoggerFactory.getLogger(Hooks.class);

  /**
   * Waits for the hook, so that it is found by the next agent if this one dies, without what the
   * hook starts in a session of its own, to stay.
   */
  private static final String WAIT =
      "/usr/bin/env -u " + HookTurn.MARK + " /bin/sh -c \"$1\"; exit \"$?\"";

  private final List<String> before;
  private final List<String> after;
  private final Duration timeout;
  private final Map<String, String> environment;
  private final HookTurn turn;

  /**
   * @param timeout of each
   * @param owner unlike that of any other agent on this machine, without spaces
   * @param environment added to this process's own for all of them
   */
  public Hooks(
      List<String> before,
      List<String> after,
      Duration timeout,
      String owner,
      Map<String, String> environment) {
    this.before = List.copyOf(before);
    this.after = List.copyOf(after);
    this.timeout = timeout;
    Map<String, String> marked = new LinkedHashMap<>(environment);
    marked.put(HookTurn.MARK, owner);
    this.environment = Map.copyOf(marked);
    this.turn = HookTurn.of(owner);
  }

  /**
   * Runs all that are to be run before the change.
   *
   * @return a sentence for each that failed; empty if all went well
   */
  public List<String> before(RoleChange change) throws InterruptedException {
    return run("before", before, change);
  }

  /** As {@link #before}, after it. */
  public List<String> after(RoleChange change) throws InterruptedException {
    return run("after", after, change);
  }

  private List<String> run(String when, List<String> commands, RoleChange change)
      throws InterruptedException {
    Map<String, String> added = new LinkedHashMap<>(environment);
    added.putAll(change.environment());
    added.put("HOTSPARE_WHEN", when);
    List<String> failures = new ArrayList<>();
    turn.announce(change);
    turn.take();
    try {
      for (String command : commands) {
        String name = "hook %s \"%s\"".formatted(when, command);
        String failure = run(name, command, change, added);
        if (!failure.isEmpty()) {
          String told = name + " " + failure;
          LOG.warn("{}", told);
          failures.add(told);
        }
      }
    } finally {
      turn.giveUp();
    }
    return failures;
  }

  /** What is wrong with it; empty for nothing. */
  private String run(String name, String command, RoleChange change, Map<String, String> added)
      throws InterruptedException {
    if (!turn.isAlone()) {
      return "was not run, since an earlier one cannot be killed";
    }
    TimedCommand started =
        turn.start(
            change,
            () ->
                TimedCommand.start(
                    List.of("/bin/sh", "-c", WAIT, "hotspare", command),
                    added,
                    line -> LOG.info("{}: {}", name, line)));
    if (started == null) {
      return "was not run, since the node is not to be primary any more";
    }
    CommandEnd end = started.await(timeout);
    if (end.isSuccess()) {
      return "";
    }
    return turn.isEnded(change)
        ? "was killed, since the node is not to be primary any more: " + end
        : "failed: " + end;
  }
}

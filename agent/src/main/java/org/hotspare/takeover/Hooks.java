package org.hotspare.takeover;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
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
 * <p>A hook that fails is told and stops nothing: neither those after it nor the change, unless the
 * caller wants that. May be called by several threads, which wait for each other.
 */
public final class Hooks {
  private static final Logger LOG = LoggerFactory.getLogger(Hooks.class);

  /** In the environment of the process that waits for a hook, not of the hook. */
  private static final String MARK = "HOTSPARE_HOOK_OF";

  /**
   * Waits for the hook, so that it is found by the next agent if this one dies, without what the
   * hook starts in a session of its own, to stay.
   */
  private static final String WAIT = "/usr/bin/env -u " + MARK + " /bin/sh -c \"$1\"; exit \"$?\"";

  private final List<String> before;
  private final List<String> after;
  private final Duration timeout;
  private final Map<String, String> environment;
  private final MarkedProcesses marked;

  /** Held while a hook runs. In the order of coming: roles change in an order, too. */
  private final ReentrantLock running = new ReentrantLock(true);

  /** Both guarded by {@link #running}. */
  private @Nullable TimedCommand last;

  private boolean earlierGone;

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
    this.environment = Map.copyOf(environment);
    this.marked = new MarkedProcesses(MARK, owner);
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
    added.put(marked.name(), marked.value());
    List<String> failures = new ArrayList<>();
    running.lockInterruptibly();
    try {
      for (String command : commands) {
        String failure = run(when, command, added);
        if (!failure.isEmpty()) {
          String told = "hook %s \"%s\" %s".formatted(when, command, failure);
          LOG.warn("{}", told);
          failures.add(told);
        }
      }
    } finally {
      running.unlock();
    }
    return failures;
  }

  /** What is wrong with it; empty for nothing. */
  private String run(String when, String command, Map<String, String> added)
      throws InterruptedException {
    if (!isAlone()) {
      return "was not run, since an earlier one cannot be killed";
    }
    TimedCommand started =
        TimedCommand.start(
            List.of("/bin/sh", "-c", WAIT, "hotspare", command),
            added,
            line -> LOG.info("hook {} \"{}\": {}", when, command, line));
    last = started;
    CommandEnd end = started.await(timeout);
    return end.isSuccess() ? "" : "failed: " + end;
  }

  private boolean isAlone() throws InterruptedException {
    if (last != null && !last.awaitGone(TimedCommand.KILLED_WITHIN)) {
      return false;
    }
    Deadline deadline = Deadline.after(TimedCommand.KILLED_WITHIN);
    while (!earlierGone) {
      List<ProcessHandle> left = marked.all();
      if (left.isEmpty()) {
        earlierGone = true;
      } else if (deadline.remaining().isZero()) {
        return false;
      } else {
        left.forEach(Hooks::killSession);
        Thread.sleep(10);
      }
    }
    return true;
  }

  /**
   * Kills what is in the session of the one that waits for a hook, and that one last: until then,
   * the session's number is nobody else's.
   */
  private static void killSession(ProcessHandle leader) {
    List<ProcessHandle> others =
        ProcessHandle.allProcesses()
            .filter(process -> process.pid() != leader.pid() && isIn(leader.pid(), process.pid()))
            .toList();
    others.forEach(ProcessHandle::destroyForcibly);
    if (others.isEmpty()) {
      leader.destroyForcibly();
    }
  }

  private static boolean isIn(long session, long pid) {
    try {
      ProcessStat stat = ProcessStat.of(pid);
      return stat.session() == session && !stat.ended();
    } catch (IOException gone) {
      return false;
    }
  }
}

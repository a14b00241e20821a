package org.hotspare.takeover;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whose turn it is among the hooks of one agent. There is one for all {@link Hooks} of an owner in
 * this process, since those of a configuration that was read again are others than those that may
 * still run.
 *
 * <p>Invariants: a hook is only started by who has the turn, when none before it is left. And once
 * a demotion was announced, no hook of a promotion up to its epoch is started, and none is left to
 * run: it might take back what another node has by then.
 */
final class HookTurn {
  /** In the environment of the process that waits for a hook, not of the hook. */
  static final String MARK = "HOTSPARE_HOOK_OF";

  private static final ConcurrentMap<String, HookTurn> TURNS = new ConcurrentHashMap<>();

  /** Held while a hook runs. In the order of coming: roles change in an order, too. */
  private final ReentrantLock turn = new ReentrantLock(true);

  private final MarkedProcesses marked;

  /** Both guarded by {@link #turn}. */
  private @Nullable TimedCommand last;

  private boolean earlierGone;

  /** All guarded by this. */
  private @Nullable RoleChange running;

  private @Nullable TimedCommand command;
  private long endedUpToEpoch = Long.MIN_VALUE;

  private HookTurn(String owner) {
    this.marked = new MarkedProcesses(MARK, owner, ProcessEnvironments.HERE);
  }

  static HookTurn of(String owner) {
    return TURNS.computeIfAbsent(owner, HookTurn::new);
  }

  void take() throws InterruptedException {
    turn.lockInterruptibly();
  }

  void giveUp() {
    turn.unlock();
  }

  /** A demotion ends the hooks of the promotions before it, and those that wait for their turn. */
  synchronized void announce(RoleChange change) {
    if (change.isPromotion()) {
      return;
    }
    endedUpToEpoch = Math.max(endedUpToEpoch, change.epoch());
    if (command != null && running != null && isEnded(running)) {
      command.kill();
    }
  }

  /** Whether it is a promotion that a demotion has ended. */
  synchronized boolean isEnded(RoleChange change) {
    return change.isPromotion() && change.epoch() <= endedUpToEpoch;
  }

  /**
   * Starts one, by who has the turn.
   *
   * @return empty if the change was ended
   */
  synchronized @Nullable TimedCommand start(RoleChange change, Supplier<TimedCommand> starting) {
    if (isEnded(change)) {
      return null;
    }
    running = change;
    command = starting.get();
    last = command;
    return command;
  }

  /** Whether nothing is left of the hooks before, which are killed; by who has the turn. */
  boolean isAlone() throws InterruptedException {
    if (last != null && !last.awaitGone(TimedCommand.KILLED_WITHIN)) {
      return false;
    }
    Deadline deadline = Deadline.after(TimedCommand.KILLED_WITHIN);
    while (!earlierGone) {
      if (marked.areNone()) {
        earlierGone = true;
      } else if (deadline.remaining().isZero()) {
        return false;
      } else {
        marked.look().own().forEach(HookTurn::killSession);
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

package org.hotspare.linux;

import java.time.Duration;
import org.hotspare.tree.Bytes;

/**
 * The processes of one session, in whatever groups they are: the jobs of a shell with {@code set
 * -m} and what {@code timeout} runs have groups of their own, which a signal to the group of the
 * session's first process does not reach.
 *
 * <p>As long as that first process was not reaped, the session's number, which is its own, is
 * nobody else's. So it has to be reaped last.
 *
 * <p>RACE: a process whose number is lower than that of the one that started it, and which is
 * started while the list of processes is being read, is missed if its parent ends before the list
 * comes to it. Numbers grow, except once in each round through all of them.
 */
final class Session {
  private static final Bytes PROC = Bytes.of("/proc");
  static final int P_PIDFD = 3;
  static final int WNOHANG = 1;
  static final int WEXITED = 4;
  static final int SIGKILL = 9;

  private final int id;

  /** What a look at all processes found of a session, from the least on. */
  enum Left {
    /** At most its first process, which has ended. */
    NOTHING,
    /** Only such as have ended and were not reaped. */
    ENDED,
    LIVING
  }

  /**
   * @param id that of its first process
   */
  Session(int id) {
    this.id = id;
  }

  /**
   * Kills each of its processes, and reaps those which have ended and for which that is up to this
   * process, as it is to a machine's first one, but not the session's first.
   *
   * @return what there was before. What is killed takes some time to end, for ever if it waits for
   *     a disk, and may just have started another one: to be called until nothing is left.
   */
  Left kill() throws LinuxException {
    Left left = Left.NOTHING;
    try (Scratch scratch = Scratch.take();
        DirFd proc = DirFd.openRoot(PROC)) {
      for (int process : Processes.ids(proc)) {
        if (isMember(scratch, process)) {
          Left one = kill(scratch, process);
          left = one.compareTo(left) > 0 ? one : left;
        }
      }
    }
    return left;
  }

  private boolean isMember(Scratch scratch, int process) throws LinuxException {
    long session = Kernel.call(scratch, Syscall.GETSID, process);
    if (session == -Errno.ESRCH.number()) {
      return false;
    }
    Kernel.check(session, Syscall.GETSID, "");
    return session == id;
  }

  private Left kill(Scratch scratch, int process) throws LinuxException {
    long handle = Kernel.call(scratch, Syscall.PIDFD_OPEN, process, 0);
    if (handle == -Errno.ESRCH.number()) {
      return Left.ENDED;
    }
    Kernel.check(handle, Syscall.PIDFD_OPEN, "");
    try {
      // Only now is it certain that what is signalled is what was looked at.
      return isMember(scratch, process) ? kill(scratch, process, (int) handle) : Left.ENDED;
    } finally {
      Kernel.close((int) handle);
    }
  }

  private Left kill(Scratch scratch, int process, int handle) throws LinuxException {
    // Ready when all its threads have ended: the state in /proc is that of the first one alone.
    if (!Poll.isReady(Poll.await(scratch, Duration.ZERO, handle), 0)) {
      Kernel.call(scratch, Syscall.PIDFD_SEND_SIGNAL, handle, SIGKILL, 0, 0);
      return Left.LIVING;
    }
    if (process == id) {
      return Left.NOTHING;
    }
    long info = scratch.struct().address();
    Kernel.call(scratch, Syscall.WAITID, P_PIDFD, handle, info, WEXITED | WNOHANG, 0);
    return Left.ENDED;
  }
}

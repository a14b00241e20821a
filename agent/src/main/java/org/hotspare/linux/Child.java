package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * A program in a session of its own, so that all that it starts can be killed with it, except what
 * moved to yet another session. Its input is empty; what it prints, errors included, comes here.
 *
 * <p>One thread waits for it ({@link #await}, {@link #exit}, {@link #end}) and closes it; any
 * thread may {@link #kill} it. Its first process is reaped last: until then its number, which is
 * the session's too, is nobody else's.
 */
public final class Child implements AutoCloseable {
  private static final int P_PID = 1;
  private static final int WNOWAIT = 0x01000000;
  private static final int CLD_EXITED = 1;
  private static final Duration LONG = Duration.ofDays(1);
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  private final int pid;
  private final int handle;
  private final int output;
  private final Wakeup wakeup;
  private final Session session;

  /** Guards the number against another process's having it: see {@link #kill}. */
  private final Object reaping = new Object();

  private boolean reaped;
  private boolean closed;
  private volatile boolean killed;

  /**
   * How a process ended.
   *
   * @param status what it returned, or the number of the signal that ended it
   */
  public record Exit(boolean bySignal, int status) {
    /** Whether it ended by itself and returned 0. */
    public boolean isSuccess() {
      return !bySignal && status == 0;
    }

    /** For people, such as {@code status 1}. */
    @Override
    public String toString() {
      return (bySignal ? "signal " : "status ") + status;
    }
  }

  private Child(int pid, int handle, int output, Wakeup wakeup) {
    this.pid = pid;
    this.handle = handle;
    this.output = output;
    this.wakeup = wakeup;
    this.session = new Session(pid);
  }

  /** Whether programs can be started: since glibc 2.34. */
  public static boolean isPossible() {
    return Spawn.isPossible();
  }

  /**
   * Starts a program. Takes as long as its disk takes to deliver it.
   *
   * @param command an absolute path, and arguments
   * @throws LinuxException what kept it from being started, such as ENOENT; EOPNOTSUPP before glibc
   *     2.34
   */
  public static Child start(List<String> command) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      scratch.path("/dev/null".getBytes(StandardCharsets.US_ASCII), Syscall.OPENAT);
      long empty =
          Kernel.call(
              scratch,
              Syscall.OPENAT,
              Kernel.AT_FDCWD,
              scratch.path().address(),
              Access.READ.flag() | Opening.O_CLOEXEC,
              0);
      int input = checked(empty, Syscall.OPENAT, "/dev/null");
      try {
        return start(scratch, command, input);
      } finally {
        Kernel.close(input);
      }
    }
  }

  private static Child start(Scratch scratch, List<String> command, int input)
      throws LinuxException {
    MemorySegment pipe = scratch.struct();
    checked(
        Kernel.call(scratch, Syscall.PIPE2, pipe.address(), Opening.O_CLOEXEC), Syscall.PIPE2, "");
    int read = pipe.get(ValueLayout.JAVA_INT, 0);
    int write = pipe.get(ValueLayout.JAVA_INT, 4);
    Wakeup wakeup = null;
    boolean started = false;
    try {
      wakeup = new Wakeup();
      int pid = Spawn.inNewSession(command, input, write);
      Child child = new Child(pid, handle(scratch, pid), read, wakeup);
      started = true;
      return child;
    } finally {
      Kernel.close(write);
      if (!started) {
        Kernel.close(read);
        if (wakeup != null) {
          wakeup.close();
        }
      }
    }
  }

  private static int handle(Scratch scratch, int pid) throws LinuxException {
    long handle = Kernel.call(scratch, Syscall.PIDFD_OPEN, pid, 0);
    if (handle < 0) {
      // Without it nothing tells when the process ends; what cannot be watched must not stay.
      signalGroup(scratch, pid);
      Kernel.call(
          scratch, Syscall.WAITID, P_PID, pid, scratch.struct().address(), Session.WEXITED, 0);
    }
    return checked(handle, Syscall.PIDFD_OPEN, "process " + pid);
  }

  private static int checked(long result, Syscall call, String about) throws LinuxException {
    return (int) Kernel.check(result, call, about);
  }

  public int pid() {
    return pid;
  }

  /**
   * Waits until its first process has ended, also while others keep its output open. That may take
   * for ever, also after {@link #kill}: a process that waits for a disk cannot be ended.
   *
   * @param printed takes what it prints; the buffer is used again afterwards
   */
  public void await(Consumer<ByteBuffer> printed) throws LinuxException {
    Duration pause = SHORTEST_PAUSE;
    boolean open = true;
    boolean ended = false;
    while (!ended) {
      long ready = wakeup.await(killed ? pause : LONG, handle, open ? output : -1);
      ended = Poll.isReady(ready, 0);
      // What it printed before it ended is there by now; a pipe holds less than one reading.
      if (Poll.isReady(ready, 1)) {
        open = read(printed);
      }
      if (killed && !ended) {
        session.kill();
        pause = longer(pause);
      }
    }
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
  }

  /** Whether there may be more. Only called when there is something, so it never waits. */
  private boolean read(Consumer<ByteBuffer> printed) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      ByteBuffer buffer = scratch.large().asByteBuffer();
      long address = scratch.large().address();
      long result = Kernel.call(scratch, Syscall.READ, output, address, Scratch.LARGE_BYTES);
      int count = checked(result, Syscall.READ, "pipe");
      if (count == 0) {
        return false;
      }
      printed.accept(buffer.limit(count));
      return true;
    }
  }

  /**
   * Kills its first process with its group at once, and what else is in its session when the thread
   * that waits gets to it. Holds nobody up. Does nothing after {@link #end}.
   */
  public void kill() {
    synchronized (reaping) {
      if (!reaped) {
        killed = true;
        try (Scratch scratch = Scratch.take()) {
          signalGroup(scratch, pid);
        }
      }
    }
    wakeup.wake();
  }

  private static void signalGroup(Scratch scratch, int group) {
    // That there is none any more is what is wanted, and no other error can be mended here.
    Kernel.call(scratch, Syscall.KILL, -(long) group, Session.SIGKILL);
  }

  /**
   * How its first process ended, after {@link #await}.
   *
   * @throws IllegalStateException if it has not ended
   */
  public Exit exit() throws LinuxException {
    return exit(WNOWAIT);
  }

  private Exit exit(int options) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment info = scratch.struct();
      info.set(ValueLayout.JAVA_INT, 0, 0);
      long address = info.address();
      int flags = Session.WEXITED | Session.WNOHANG | options;
      checked(
          Kernel.call(scratch, Syscall.WAITID, Session.P_PIDFD, handle, address, flags, 0),
          Syscall.WAITID,
          "process " + pid);
      if (info.get(ValueLayout.JAVA_INT, 0) == 0) {
        throw new IllegalStateException("process " + pid + " still runs");
      }
      boolean exited = info.get(ValueLayout.JAVA_INT, 8) == CLD_EXITED;
      return new Exit(!exited, info.get(ValueLayout.JAVA_INT, 24));
    }
  }

  /**
   * Kills what is left of its session, waits until nothing is, and reaps its first process; after
   * {@link #await}. May take for ever: a process that waits for a disk ends only when the disk
   * answers.
   */
  public void end() throws InterruptedException, LinuxException {
    kill();
    Duration pause = SHORTEST_PAUSE;
    while (isAnythingLeft()) {
      Thread.sleep(pause);
      pause = longer(pause);
    }
    synchronized (reaping) {
      exit(0);
      reaped = true;
    }
  }

  private boolean isAnythingLeft() throws LinuxException {
    Session.Left left = session.kill();
    if (left == Session.Left.ENDED) {
      // Those whose parent ended meanwhile are this process's to reap where it is the first one.
      left = session.kill();
    }
    return left == Session.Left.LIVING;
  }

  /**
   * Forgets it. What was not brought to its {@link #end}, since something went wrong, is killed,
   * and another thread waits for that and reaps it. For the thread that waits.
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (reaped) {
      release();
    } else {
      kill();
      Thread.ofPlatform().name("reaper-" + pid).daemon().start(this::endLater);
    }
  }

  private void endLater() {
    try {
      while (!isEnded()) {
        Thread.sleep(LONGEST_PAUSE);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } finally {
      release();
    }
  }

  /** False where something is missing for it, such as a descriptor. */
  private boolean isEnded() throws InterruptedException {
    try {
      await(printed -> {});
      end();
      return true;
    } catch (LinuxException later) {
      return false;
    }
  }

  private void release() {
    synchronized (reaping) {
      reaped = true;
    }
    wakeup.close();
    Kernel.close(handle);
    Kernel.close(output);
  }
}

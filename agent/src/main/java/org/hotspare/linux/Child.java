package org.hotspare.linux;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * A program in a session of its own, so that all that it starts can be killed with it, except what
 * moved to yet another session. Its input is empty; what it prints, errors included, comes here.
 *
 * <p>One thread waits for it and closes it; any thread may {@link #kill} it. As long as its first
 * process was not {@link #reap}ed its number, which is the group's too, is nobody else's.
 */
public final class Child implements AutoCloseable {
  private static final int P_PIDFD = 3;
  private static final int WNOHANG = 1;
  private static final int WEXITED = 4;
  private static final int CLD_EXITED = 1;
  private static final int SIGKILL = 9;
  private static final Duration LONG = Duration.ofDays(1);

  /** For how long what was killed may take before somebody looks what keeps it. */
  private static final long PROMPT_NANOS = 100_000_000;

  private static final long MAX_PAUSE_MILLIS = 1000;
  private static final Path PROC = Path.of("/proc");

  private final int pid;
  private final int handle;
  private final int output;

  /** Guards the number against another process's having it: see {@link #kill}. */
  private final Object reaping = new Object();

  private boolean reaped;
  private boolean closed;

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

  private Child(int pid, int handle, int output) {
    this.pid = pid;
    this.handle = handle;
    this.output = output;
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
    boolean started = false;
    try {
      int pid = Spawn.inNewSession(command, input, write);
      long handle = Kernel.call(scratch, Syscall.PIDFD_OPEN, pid, 0);
      if (handle < 0) {
        // Without it nothing tells when the process ends; what cannot be watched must not stay.
        signalGroup(scratch, pid, SIGKILL);
        Kernel.call(scratch, Syscall.WAITID, 1, pid, scratch.struct().address(), WEXITED, 0);
      }
      Child child = new Child(pid, checked(handle, Syscall.PIDFD_OPEN, command.get(0)), read);
      started = true;
      return child;
    } finally {
      Kernel.close(write);
      if (!started) {
        Kernel.close(read);
      }
    }
  }

  private static int checked(long result, Syscall call, String path) throws LinuxException {
    if (result < 0) {
      throw new LinuxException((int) -result, call.text(), path);
    }
    return (int) result;
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
    try (Scratch scratch = Scratch.take()) {
      boolean open = true;
      boolean ended = false;
      while (!ended) {
        long ready = Poll.await(scratch, LONG, handle, open ? output : -1);
        ended = Poll.isReady(ready, 0);
        // What it printed before it ended is there by now; a pipe holds less than one reading.
        if (Poll.isReady(ready, 1)) {
          open = read(scratch, printed);
        }
      }
    }
  }

  /** Whether there may be more. Only called when there is something, so it never waits. */
  private boolean read(Scratch scratch, Consumer<ByteBuffer> printed) throws LinuxException {
    ByteBuffer buffer = scratch.large().asByteBuffer();
    long result =
        Kernel.call(scratch, Syscall.READ, output, scratch.large().address(), Scratch.LARGE_BYTES);
    int count = checked(result, Syscall.READ, "pipe");
    if (count == 0) {
      return false;
    }
    printed.accept(buffer.limit(count));
    return true;
  }

  /**
   * Kills its first process, and all that this started, at once. Does nothing after {@link #reap}.
   */
  public void kill() {
    synchronized (reaping) {
      if (!reaped) {
        try (Scratch scratch = Scratch.take()) {
          signalGroup(scratch, pid, SIGKILL);
        }
      }
    }
  }

  /** False where nobody is in the group. */
  private static boolean signalGroup(Scratch scratch, int group, int signal) {
    return Kernel.call(scratch, Syscall.KILL, -(long) group, signal) != -Errno.ESRCH.number();
  }

  /**
   * Takes note of the end of its first process, after {@link #await}.
   *
   * @throws IllegalStateException if it has not ended
   */
  public Exit reap() throws LinuxException {
    synchronized (reaping) {
      try (Scratch scratch = Scratch.take()) {
        MemorySegment info = scratch.struct();
        info.set(ValueLayout.JAVA_INT, 0, 0);
        long result =
            Kernel.call(
                scratch, Syscall.WAITID, P_PIDFD, handle, info.address(), WEXITED | WNOHANG, 0);
        checked(result, Syscall.WAITID, "");
        if (info.get(ValueLayout.JAVA_INT, 0) == 0) {
          throw new IllegalStateException("process " + pid + " still runs");
        }
        reaped = true;
        boolean exited = info.get(ValueLayout.JAVA_INT, 8) == CLD_EXITED;
        return new Exit(!exited, info.get(ValueLayout.JAVA_INT, 24));
      }
    }
  }

  /**
   * Waits, after {@link #kill} and {@link #reap}, until nothing is left of its group: a process
   * that waits for a disk ends only when the disk answers.
   */
  public void awaitGroupGone() throws InterruptedException, IOException {
    long start = System.nanoTime();
    long pauseMillis = 1;
    while (groupRemains(System.nanoTime() - start > PROMPT_NANOS)) {
      Thread.sleep(pauseMillis);
      pauseMillis = Math.min(MAX_PAUSE_MILLIS, pauseMillis * 2);
    }
  }

  /**
   * @param thoroughly whether what has ended and was only not reaped by the machine's first process
   *     is told apart, which costs a look at all processes
   */
  private boolean groupRemains(boolean thoroughly) throws IOException {
    boolean remains;
    try (Scratch scratch = Scratch.take()) {
      remains = signalGroup(scratch, pid, 0);
    }
    if (!remains || !thoroughly) {
      return remains;
    }
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[1-9]*")) {
      for (Path process : processes) {
        if (isOfGroup(process)) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean isOfGroup(Path process) {
    String stat;
    try {
      stat = Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1);
    } catch (IOException gone) {
      return false;
    }
    // PID (NAME) STATE PARENT GROUP …, and the name may hold anything.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", 4);
    boolean ended = fields[0].equals("Z") || fields[0].equals("X");
    return fields.length == 4 && !ended && fields[2].equals(Integer.toString(pid));
  }

  /** Forgets it: what still runs goes on. For the thread that waits. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      synchronized (reaping) {
        reaped = true;
        Kernel.close(handle);
      }
      Kernel.close(output);
    }
  }
}

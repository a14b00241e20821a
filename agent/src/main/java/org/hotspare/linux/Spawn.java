package org.hotspare.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * Starts programs by glibc's {@code posix_spawn}, since no system call does it from a process with
 * threads. One run of {@code /bin/sh -c true} so costs 1.3 ms of processor in all; by {@link
 * ProcessBuilder} and {@code setsid} it is 3.6 ms.
 */
final class Spawn {
  private static final int SETSIGMASK = 0x08;
  private static final int SETSID = 0x80;

  /** More than glibc's structures for attributes, actions and sets of signals take. */
  private static final int STRUCT_BYTES = 512;

  private static final int FIRST_CLOSED = 3;

  private Spawn() {}

  /** Bound when the first program is started, and in one shape for all functions. */
  private static final class Handles {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle CALL =
        LINKER.downcallHandle(
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG));
    private static final MemorySegment SPAWN = symbol("posix_spawn");
    private static final MemorySegment ATTRIBUTES = symbol("posix_spawnattr_init");
    private static final MemorySegment FLAGS = symbol("posix_spawnattr_setflags");
    private static final MemorySegment SIGNALS = symbol("posix_spawnattr_setsigmask");
    private static final MemorySegment NO_ATTRIBUTES = symbol("posix_spawnattr_destroy");
    private static final MemorySegment ACTIONS = symbol("posix_spawn_file_actions_init");
    private static final MemorySegment DUP2 = symbol("posix_spawn_file_actions_adddup2");
    private static final MemorySegment CLOSE_FROM =
        LINKER
            .defaultLookup()
            .find("posix_spawn_file_actions_addclosefrom_np")
            .orElse(MemorySegment.NULL);
    private static final MemorySegment NO_ACTIONS = symbol("posix_spawn_file_actions_destroy");
    private static final MemorySegment ENVIRONMENT =
        symbol("environ").reinterpret(ValueLayout.JAVA_LONG.byteSize());

    private Handles() {}

    private static MemorySegment symbol(String name) {
      return LINKER.defaultLookup().findOrThrow(name);
    }
  }

  static boolean isPossible() {
    return !Handles.CLOSE_FROM.equals(MemorySegment.NULL);
  }

  /**
   * Starts a program in a session of its own, with this process's environment, no signal blocked
   * and only the three standard descriptors open. Returns when it has been started, which takes as
   * long as its disk takes to deliver it.
   *
   * @param command an absolute path, and arguments
   * @return its process id
   * @throws LinuxException what kept it from being started, such as ENOENT; EOPNOTSUPP before glibc
   *     2.34, which cannot keep this process's descriptors from it
   */
  static int inNewSession(List<String> command, int input, int output) throws LinuxException {
    if (!isPossible()) {
      throw new LinuxException(Errno.EOPNOTSUPP, "posix_spawn before glibc 2.34", command.get(0));
    }
    try (Arena arena = Arena.ofConfined()) {
      long attributes = arena.allocate(STRUCT_BYTES, 8).address();
      long actions = arena.allocate(STRUCT_BYTES, 8).address();
      check(call(Handles.ATTRIBUTES, attributes), command);
      try {
        check(call(Handles.ACTIONS, actions), command);
        try {
          check(call(Handles.FLAGS, attributes, SETSID | SETSIGMASK), command);
          long none = arena.allocate(STRUCT_BYTES, 8).address();
          check(call(Handles.SIGNALS, attributes, none), command);
          check(call(Handles.DUP2, actions, input, 0), command);
          check(call(Handles.DUP2, actions, output, 1), command);
          check(call(Handles.DUP2, actions, output, 2), command);
          check(call(Handles.CLOSE_FROM, actions, FIRST_CLOSED), command);
          return spawn(arena, command, actions, attributes);
        } finally {
          call(Handles.NO_ACTIONS, actions);
        }
      } finally {
        call(Handles.NO_ATTRIBUTES, attributes);
      }
    }
  }

  private static int spawn(Arena arena, List<String> command, long actions, long attributes)
      throws LinuxException {
    MemorySegment arguments =
        arena.allocate(ValueLayout.JAVA_LONG, command.size() + 1L); // the last is 0
    for (int i = 0; i < command.size(); i++) {
      long text = arena.allocateFrom(command.get(i)).address();
      arguments.setAtIndex(ValueLayout.JAVA_LONG, i, text);
    }
    MemorySegment pid = arena.allocate(ValueLayout.JAVA_INT);
    int result =
        call(
            Handles.SPAWN,
            pid.address(),
            arguments.get(ValueLayout.JAVA_LONG, 0),
            actions,
            attributes,
            arguments.address(),
            Handles.ENVIRONMENT.get(ValueLayout.JAVA_LONG, 0));
    check(result, command);
    return pid.get(ValueLayout.JAVA_INT, 0);
  }

  private static void check(int errno, List<String> command) throws LinuxException {
    if (errno != 0) {
      throw new LinuxException(errno, "posix_spawn", command.get(0));
    }
  }

  private static int call(MemorySegment function, long a) {
    return call(function, a, 0, 0, 0, 0, 0);
  }

  private static int call(MemorySegment function, long a, long b) {
    return call(function, a, b, 0, 0, 0, 0);
  }

  private static int call(MemorySegment function, long a, long b, long c) {
    return call(function, a, b, c, 0, 0, 0);
  }

  private static int call(MemorySegment function, long a, long b, long c, long d, long e, long f) {
    try {
      return (int) Handles.CALL.invokeExact(function, a, b, c, d, e, f);
    } catch (RuntimeException | Error bug) {
      throw bug;
    } catch (Throwable impossible) {
      throw new AssertionError("a native call throws nothing", impossible);
    }
  }
}
